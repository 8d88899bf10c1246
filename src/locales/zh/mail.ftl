# 我们以发件人名义自己撰写的邮件中的文字。要简短明白，不含任何推销内容。
mail-privacy = 隐私声明

mail-confirm-subject = 请确认：{ $sender }的邮件
mail-confirm-lead = 有人（很可能是您本人）向{ $sender }订阅了以下内容的邮件：
mail-confirm-lead-host = 有人（很可能是您本人）在 { $host } 向{ $sender }订阅了以下内容的邮件：
mail-confirm-form = 表单上写着：
mail-confirm-button = 确认我的订阅
mail-confirm-days = 链接在 { $days } 天内有效。
mail-confirm-nothing = 如果不是您本人操作，您什么都不用做：只要您不确认，就不会收到这类邮件。

confirm-over-body = 这种链接只在几天内有效。没有确认任何内容。您还想收到这些邮件吗？
confirm-over-button = 给我发送新的链接
confirm-asked-title = 我们已收到
confirm-asked-body = 如果还可以向您询问，新的链接已在发送途中。在您点击之前，不会有任何更改。如果没有收到，请明天再试。
saved-asked = 您选择了“{ $interest }”。如果可以向您询问，我们已给您发送了一个链接：在您点击之前，不会有任何更改。
