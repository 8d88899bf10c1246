// smtp-client, the small library under several services: each command is the caller's own.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const env = process.env;
const { SMTPClient } = createRequire(`${env.CLIENT_CACHE}/node/package.json`)('smtp-client');
const ca = readFileSync(env.SMTP_CA);

const client = new SMTPClient({
  host: env.SMTP_HOST,
  port: Number(env.SMTP_PORT),
  secure: env.SMTP_TLS === 'implicit',
  tls: { ca },
  ca,
});

try {
  await client.connect({ timeout: 20_000 });
  await client.greet({ hostname: 'tool.shop.example' });
  if (env.SMTP_TLS === 'starttls') {
    await client.secure({ ca, servername: env.SMTP_HOST });
    await client.greet({ hostname: 'tool.shop.example' });
  }
  const login = { username: env.SMTP_USER, password: env.SMTP_PASSWORD };
  if (env.SMTP_AUTH === 'plain') await client.authPlain(login);
  if (env.SMTP_AUTH === 'login') await client.authLogin(login);
  await client.mail({ from: env.MAIL_FROM });
  await client.rcpt({ to: env.MAIL_TO });
  // It stuffs the first dot that begins a line, and no other (RFC 5321, 4.5.2): the rest is the caller's.
  const message = readFileSync(env.MAIL_EML, 'utf8').replace(/\r?\n/g, '\r\n').replace(/^\./gm, '..');
  await client.data(message.replace(/^\.\./m, '.'));
  await client.quit();
  process.exit(0);
} catch (error) {
  console.error(error.code, String(error));
  process.exit(1);
}
