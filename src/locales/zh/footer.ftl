# 加在营销邮件末尾的文字。要简短，就像平时对顾客说话一样。
footer-sender = 本邮件由{ $sender }发送。
footer-unsubscribe = 退订
footer-unsubscribe-invite = 不想再收到我们的邮件？您可以随时退订：
footer-preferences = 选择感兴趣的内容
footer-preferences-invite = 对其他内容感兴趣？请选择您想了解的内容：
footer-advertising = 本邮件为广告。
footer-privacy = 隐私声明：
