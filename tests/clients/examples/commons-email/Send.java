// Apache Commons Email, which builds the message that JavaMail sends: its older package, javax.mail.

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.apache.commons.mail.EmailException;
import org.apache.commons.mail.HtmlEmail;

public class Send {
    public static void main(String[] arguments) throws Exception {
        Map<String, String> env = System.getenv();
        boolean login = !env.get("SMTP_AUTH").equals("none");
        HtmlEmail mail = new HtmlEmail();
        mail.setHostName(env.get("SMTP_HOST"));
        if (env.get("SMTP_TLS").equals("implicit")) {
            mail.setSslSmtpPort(env.get("SMTP_PORT"));
            mail.setSSLOnConnect(true);
        } else {
            mail.setSmtpPort(Integer.parseInt(env.get("SMTP_PORT")));
            mail.setStartTLSEnabled(env.get("SMTP_TLS").equals("starttls"));
            mail.setStartTLSRequired(env.get("SMTP_TLS").equals("starttls"));
        }
        mail.setSSLCheckServerIdentity(!env.get("SMTP_TLS").equals("none"));
        if (login) {
            mail.setAuthentication(env.get("SMTP_USER"), env.get("SMTP_PASSWORD"));
        }
        mail.setCharset("utf-8");
        mail.setFrom(env.get("MAIL_FROM"), "Demo Shop");
        mail.addTo(env.get("MAIL_TO"));
        mail.setSubject(env.get("MAIL_SUBJECT"));
        mail.addHeader("X-Optgate-Stream", env.get("MAIL_STREAM"));
        mail.addHeader("X-Optgate-Scope", env.get("MAIL_SCOPE"));
        mail.setTextMsg(Files.readString(Path.of(env.get("MAIL_TEXT"))));
        mail.setHtmlMsg(Files.readString(Path.of(env.get("MAIL_HTML"))));
        mail.attach(new File(env.get("MAIL_ATTACHMENT")));
        try {
            mail.send();
        } catch (EmailException error) {
            for (Throwable cause = error; cause != null; cause = cause.getCause()) {
                System.err.println(cause);
            }
            System.exit(1);
        }
    }
}
