// emersion's go-smtp, go-sasl and go-message, which aerc, maddy and many Go services are made of.
package main

import (
	"bytes"
	"crypto/tls"
	"io"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/emersion/go-message/mail"
	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

func must(err error) {
	// What it prints of a reply by itself leaves out the code.
	if reply, ok := err.(*smtp.SMTPError); ok {
		log.Fatal(reply.Code, reply.EnhancedCode, reply.Message)
	}
	if err != nil {
		log.Fatal(err)
	}
}

func read(name string) []byte {
	content, err := os.ReadFile(os.Getenv(name))
	must(err)
	return content
}

func put(part io.WriteCloser, err error, content []byte) {
	must(err)
	_, err = part.Write(content)
	must(err)
	must(part.Close())
}

func compose() []byte {
	var header mail.Header
	header.SetDate(time.Now())
	header.SetAddressList("From", []*mail.Address{{Name: "Demo Shop", Address: os.Getenv("MAIL_FROM")}})
	header.SetAddressList("To", []*mail.Address{{Address: os.Getenv("MAIL_TO")}})
	header.SetSubject(os.Getenv("MAIL_SUBJECT"))
	header.Set("X-Optgate-Stream", os.Getenv("MAIL_STREAM"))
	header.Set("X-Optgate-Scope", os.Getenv("MAIL_SCOPE"))

	var message bytes.Buffer
	mixed, err := mail.CreateWriter(&message, header)
	must(err)
	both, err := mixed.CreateInline()
	must(err)
	for _, body := range [][2]string{{"text/plain", "MAIL_TEXT"}, {"text/html", "MAIL_HTML"}} {
		var own mail.InlineHeader
		own.SetContentType(body[0], map[string]string{"charset": "utf-8"})
		part, err := both.CreatePart(own)
		put(part, err, read(body[1]))
	}
	must(both.Close())
	var own mail.AttachmentHeader
	own.SetContentType("application/octet-stream", nil)
	own.SetFilename(filepath.Base(os.Getenv("MAIL_ATTACHMENT")))
	part, err := mixed.CreateAttachment(own)
	put(part, err, read("MAIL_ATTACHMENT"))
	must(mixed.Close())
	return message.Bytes()
}

func main() {
	log.SetFlags(0)
	host := os.Getenv("SMTP_HOST")
	address := host + ":" + os.Getenv("SMTP_PORT")
	var client *smtp.Client
	var err error
	if os.Getenv("SMTP_TLS") == "implicit" {
		client, err = smtp.DialTLS(address, nil)
	} else {
		client, err = smtp.Dial(address)
	}
	must(err)
	must(client.Hello("tool.shop.example"))
	if os.Getenv("SMTP_TLS") == "starttls" {
		must(client.StartTLS(&tls.Config{ServerName: host}))
	}
	user, password := os.Getenv("SMTP_USER"), os.Getenv("SMTP_PASSWORD")
	switch os.Getenv("SMTP_AUTH") {
	case "plain":
		must(client.Auth(sasl.NewPlainClient("", user, password)))
	case "login":
		must(client.Auth(sasl.NewLoginClient(user, password)))
	}
	must(client.Mail(os.Getenv("MAIL_FROM"), &smtp.MailOptions{}))
	must(client.Rcpt(os.Getenv("MAIL_TO")))
	data, err := client.Data()
	must(err)
	_, err = data.Write(compose())
	must(err)
	must(data.Close())
	must(client.Quit())
}
