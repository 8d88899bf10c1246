# Ruby's mail gem, beneath Rails' Action Mailer. It puts attachments into the multipart/alternative.

require 'mail'

env = ENV
login = env['SMTP_AUTH'] != 'none'

Mail.defaults do
  delivery_method :smtp, {
    address: env['SMTP_HOST'],
    port: env['SMTP_PORT'].to_i,
    user_name: login ? env['SMTP_USER'] : nil,
    password: login ? env['SMTP_PASSWORD'] : nil,
    authentication: login ? env['SMTP_AUTH'].to_sym : nil,
    tls: env['SMTP_TLS'] == 'implicit',
    enable_starttls: env['SMTP_TLS'] == 'starttls',
    enable_starttls_auto: false,
    openssl_verify_mode: 'peer',
  }
end

mail = Mail.new do
  from "Demo Shop <#{env['MAIL_FROM']}>"
  to env['MAIL_TO']
  subject env['MAIL_SUBJECT']
  text_part { content_type 'text/plain; charset=UTF-8'; body File.read(env['MAIL_TEXT']) }
  html_part { content_type 'text/html; charset=UTF-8'; body File.read(env['MAIL_HTML']) }
  add_file env['MAIL_ATTACHMENT']
end
mail['X-Optgate-Stream'] = env['MAIL_STREAM']
mail['X-Optgate-Scope'] = env['MAIL_SCOPE']

begin
  mail.deliver!
rescue Net::SMTPError => error
  abort error.message
end
