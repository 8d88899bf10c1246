// Go's net/smtp. It asks for SMTPUTF8 and 8BITMIME where they are offered, whatever it sends, and most programs
// write their messages by hand: 8-bit text that no header field says to be so.
package main

import (
	"bytes"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"log"
	"mime"
	"mime/multipart"
	"net/smtp"
	"net/textproto"
	"os"
	"path/filepath"
)

func read(name string) []byte {
	content, err := os.ReadFile(os.Getenv(name))
	if err != nil {
		log.Fatal(err)
	}
	return content
}

func compose() []byte {
	var message bytes.Buffer
	mixed := multipart.NewWriter(&message)
	fmt.Fprintf(&message, "From: Demo Shop <%s>\r\n", os.Getenv("MAIL_FROM"))
	fmt.Fprintf(&message, "To: %s\r\n", os.Getenv("MAIL_TO"))
	fmt.Fprintf(&message, "Subject: %s\r\n", mime.QEncoding.Encode("utf-8", os.Getenv("MAIL_SUBJECT")))
	fmt.Fprintf(&message, "X-Optgate-Stream: %s\r\n", os.Getenv("MAIL_STREAM"))
	fmt.Fprintf(&message, "X-Optgate-Scope: %s\r\n", os.Getenv("MAIL_SCOPE"))
	fmt.Fprintf(&message, "Content-Type: multipart/mixed; boundary=%s\r\n\r\n", mixed.Boundary())

	var both bytes.Buffer
	alternative := multipart.NewWriter(&both)
	text, _ := alternative.CreatePart(textproto.MIMEHeader{"Content-Type": {"text/plain; charset=utf-8"}})
	text.Write(read("MAIL_TEXT"))
	html, _ := alternative.CreatePart(textproto.MIMEHeader{"Content-Type": {"text/html; charset=utf-8"}})
	html.Write(read("MAIL_HTML"))
	alternative.Close()

	kind := "multipart/alternative; boundary=" + alternative.Boundary()
	body, _ := mixed.CreatePart(textproto.MIMEHeader{"Content-Type": {kind}})
	body.Write(both.Bytes())
	name := filepath.Base(os.Getenv("MAIL_ATTACHMENT"))
	file, _ := mixed.CreatePart(textproto.MIMEHeader{
		"Content-Type":              {"application/octet-stream"},
		"Content-Disposition":       {"attachment; filename=" + name},
		"Content-Transfer-Encoding": {"base64"},
	})
	encoded := base64.StdEncoding.EncodeToString(read("MAIL_ATTACHMENT"))
	for len(encoded) > 76 {
		fmt.Fprintf(file, "%s\r\n", encoded[:76])
		encoded = encoded[76:]
	}
	fmt.Fprintf(file, "%s\r\n", encoded)
	mixed.Close()
	return message.Bytes()
}

// What smtp.SendMail does after it has connected.
func send(client *smtp.Client, auth smtp.Auth) error {
	if auth != nil {
		if err := client.Auth(auth); err != nil {
			return err
		}
	}
	if err := client.Mail(os.Getenv("MAIL_FROM")); err != nil {
		return err
	}
	if err := client.Rcpt(os.Getenv("MAIL_TO")); err != nil {
		return err
	}
	data, err := client.Data()
	if err != nil {
		return err
	}
	if _, err := data.Write(compose()); err != nil {
		return err
	}
	if err := data.Close(); err != nil {
		return err
	}
	return client.Quit()
}

func main() {
	log.SetFlags(0)
	host := os.Getenv("SMTP_HOST")
	address := host + ":" + os.Getenv("SMTP_PORT")
	var auth smtp.Auth
	if os.Getenv("SMTP_AUTH") == "plain" {
		auth = smtp.PlainAuth("", os.Getenv("SMTP_USER"), os.Getenv("SMTP_PASSWORD"), host)
	}
	var err error
	if os.Getenv("SMTP_TLS") == "implicit" {
		connection, failed := tls.Dial("tcp", address, &tls.Config{ServerName: host})
		if failed != nil {
			log.Fatal(failed)
		}
		client, failed := smtp.NewClient(connection, host)
		if failed != nil {
			log.Fatal(failed)
		}
		err = send(client, auth)
	} else {
		// It uses STARTTLS where that is offered.
		err = smtp.SendMail(address, auth, os.Getenv("MAIL_FROM"), []string{os.Getenv("MAIL_TO")}, compose())
	}
	if err != nil {
		log.Fatal(err)
	}
}
