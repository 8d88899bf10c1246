# 我们以发件人名义自己撰写的邮件中的文字。要简短明白，不含任何推销内容。
mail-privacy = 隐私声明

mail-confirm-subject = 请确认：{ $sender }的邮件
mail-confirm-lead = 有人（很可能是您本人）向{ $sender }订阅了以下内容的邮件：
mail-confirm-lead-host = 有人（很可能是您本人）在 { $host } 向{ $sender }订阅了以下内容的邮件：
mail-confirm-form = 表单上写着：
mail-confirm-button = 确认我的订阅
mail-confirm-days = 链接在 { $days } 天内有效。
mail-confirm-nothing = 如果不是您本人操作，您什么都不用做：只要您不确认，就不会收到这类邮件。
