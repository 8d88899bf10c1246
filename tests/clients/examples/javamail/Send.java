// JavaMail, now Jakarta Mail: what Java applications send with.

import jakarta.mail.Message;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import jakarta.mail.Transport;
import jakarta.mail.internet.InternetAddress;
import jakarta.mail.internet.MimeBodyPart;
import jakarta.mail.internet.MimeMessage;
import jakarta.mail.internet.MimeMultipart;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Properties;

public class Send {
    public static void main(String[] arguments) throws Exception {
        Map<String, String> env = System.getenv();
        boolean login = !env.get("SMTP_AUTH").equals("none");
        Properties settings = new Properties();
        settings.put("mail.smtp.host", env.get("SMTP_HOST"));
        settings.put("mail.smtp.port", env.get("SMTP_PORT"));
        settings.put("mail.smtp.auth", login);
        settings.put("mail.smtp.auth.mechanisms", env.get("SMTP_AUTH").toUpperCase());
        settings.put("mail.smtp.ssl.enable", env.get("SMTP_TLS").equals("implicit"));
        settings.put("mail.smtp.starttls.enable", env.get("SMTP_TLS").equals("starttls"));
        settings.put("mail.smtp.starttls.required", env.get("SMTP_TLS").equals("starttls"));
        settings.put("mail.smtp.ssl.checkserveridentity", true);
        settings.put("mail.smtp.timeout", 60_000);
        Session session = Session.getInstance(settings);

        MimeBodyPart text = new MimeBodyPart();
        text.setText(Files.readString(Path.of(env.get("MAIL_TEXT"))), "utf-8");
        MimeBodyPart html = new MimeBodyPart();
        html.setText(Files.readString(Path.of(env.get("MAIL_HTML"))), "utf-8", "html");
        MimeBodyPart both = new MimeBodyPart();
        both.setContent(new MimeMultipart("alternative", text, html));
        MimeBodyPart file = new MimeBodyPart();
        file.attachFile(new File(env.get("MAIL_ATTACHMENT")));

        MimeMessage message = new MimeMessage(session);
        message.setFrom(new InternetAddress(env.get("MAIL_FROM"), "Demo Shop"));
        message.setRecipient(Message.RecipientType.TO, new InternetAddress(env.get("MAIL_TO")));
        message.setSubject(env.get("MAIL_SUBJECT"), "utf-8");
        message.setHeader("X-Optgate-Stream", env.get("MAIL_STREAM"));
        message.setHeader("X-Optgate-Scope", env.get("MAIL_SCOPE"));
        message.setContent(new MimeMultipart("mixed", both, file));
        try {
            if (login) {
                Transport.send(message, env.get("SMTP_USER"), env.get("SMTP_PASSWORD"));
            } else {
                Transport.send(message);
            }
        } catch (MessagingException error) {
            for (Exception cause = error; cause != null;
                    cause = cause instanceof MessagingException next ? next.getNextException() : null) {
                System.err.println(cause.getMessage());
            }
            System.exit(1);
        }
    }
}
