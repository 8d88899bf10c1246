// nodemailer, with a pool, as applications that send in numbers use it.
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';

const env = process.env;
const nodemailer = createRequire(`${env.CLIENT_CACHE}/node/package.json`)('nodemailer');

const transport = nodemailer.createTransport({
  host: env.SMTP_HOST,
  port: Number(env.SMTP_PORT),
  secure: env.SMTP_TLS === 'implicit',
  requireTLS: env.SMTP_TLS === 'starttls',
  ignoreTLS: env.SMTP_TLS === 'none',
  tls: { ca: readFileSync(env.SMTP_CA) },
  pool: true,
  ...(env.SMTP_AUTH === 'none' ? {} : {
    auth: { user: env.SMTP_USER, pass: env.SMTP_PASSWORD },
    authMethod: env.SMTP_AUTH.toUpperCase(),
  }),
});

try {
  await transport.sendMail({
    from: { name: 'Demo Shop', address: env.MAIL_FROM },
    to: env.MAIL_TO,
    subject: env.MAIL_SUBJECT,
    headers: { 'X-Optgate-Stream': env.MAIL_STREAM, 'X-Optgate-Scope': env.MAIL_SCOPE },
    text: readFileSync(env.MAIL_TEXT, 'utf8'),
    html: readFileSync(env.MAIL_HTML, 'utf8'),
    attachments: [{ path: env.MAIL_ATTACHMENT }],
  });
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  transport.close();
}
