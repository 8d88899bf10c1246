// emailjs, a library without dependencies that small services use.
import { readFileSync } from 'node:fs';

const env = process.env;
const { SMTPClient } = await import(`${env.CLIENT_CACHE}/node/node_modules/emailjs/dist/index.js`);
const ca = readFileSync(env.SMTP_CA);

const client = new SMTPClient({
  host: env.SMTP_HOST,
  port: Number(env.SMTP_PORT),
  ssl: env.SMTP_TLS === 'implicit' ? { ca } : false,
  tls: env.SMTP_TLS === 'starttls' ? { ca } : false,
  ...(env.SMTP_AUTH === 'none' ? {} : {
    user: env.SMTP_USER,
    password: env.SMTP_PASSWORD,
    authentication: [env.SMTP_AUTH.toUpperCase()],
  }),
});

try {
  await client.sendAsync({
    from: `Demo Shop <${env.MAIL_FROM}>`,
    to: env.MAIL_TO,
    subject: env.MAIL_SUBJECT,
    'X-Optgate-Stream': env.MAIL_STREAM,
    'X-Optgate-Scope': env.MAIL_SCOPE,
    text: readFileSync(env.MAIL_TEXT, 'utf8'),
    attachment: [
      { data: readFileSync(env.MAIL_HTML, 'utf8'), alternative: true },
      { path: env.MAIL_ATTACHMENT, type: 'application/octet-stream', name: 'prices.bin' },
    ],
  });
  process.exit(0);
} catch (error) {
  console.error(String(error), error.smtp ?? '');
  process.exit(1);
}
