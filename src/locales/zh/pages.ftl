# 收件人点开链接后在页面上看到的文字。

about-address = 此页面与 { $address } 有关。
service-note = 您需要的收据和其他通知不受影响。

ask-title = 退订
ask-heading = 要退订{ $sender }的邮件吗？
ask-lead = 目前还没有任何更改。您不想再收到什么？
ask-leave-scope = 不再接收关于“{ $interest }”的邮件
ask-leave-list = 不再接收这类邮件
ask-leave-all = 不再接收{ $sender }的任何营销邮件
ask-choose = 还是选择我感兴趣的内容

done-title = 您已退订
done-scope = { $sender }不会再给您发送关于“{ $interest }”的邮件。
done-list = { $sender }不会再给您发送这类邮件。
done-all = { $sender }不会再给您发送营销邮件。
done-note = 您的选择已保存，即刻生效。

undo-lead = 按错了？您可以在 24 小时内撤销。
undo-button = 撤销
undone-title = 欢迎回来
undone-body = 您的退订已撤销。您之前同意接收的内容恢复有效。
undo-late-title = 此处已无法撤销
undo-late-body = 24 小时已过，或者已经撤销过了。没有任何更改。欢迎您重新向{ $sender }订阅。

choose-title = 您的邮件选择
choose-heading = 您想收到{ $sender }的哪些内容？
choose-legend = 兴趣
choose-lead = 请勾选您想要的内容，取消勾选不想要的。一个兴趣包含列在它下面的所有内容。
choose-save = 保存我的选择
choose-empty = 这里目前没有可选择的内容。
tracking-legend = 阅读习惯
tracking-label = { $sender }可以知道我是否打开、何时打开邮件，以及点击了哪些链接。
tracking-note = 除非您开启，否则此项保持关闭。无论是否开启，您收到的邮件都一样：未开启时，我们会去掉会泄露这些信息的隐形图片和链接中的相关部分。
none-heading = 什么都不想收到？
none-button = 不接收任何营销邮件

saved = 您的选择已保存。
saved-covered = “{ $interest }”也已关闭，因为它属于您关闭的某个兴趣。
saved-not-on = “{ $interest }”暂时无法在这里开启。请向{ $sender }订阅。

confirm-title = 请确认
confirm-heading = 您想收到{ $sender }的邮件吗？
confirm-lead = 有人（很可能是您本人）向{ $sender }订阅了以下内容的邮件：
confirm-button = 是的，请发给我
confirm-nothing = 如果不是您本人操作，您什么都不用做：只要您不按这个按钮，就不会发送任何这类邮件。
confirm-freely = 您可以随时改变主意。每封这类邮件里都有相应的链接。
confirmed-title = 谢谢，已确认
confirmed-lead = 您已同意{ $sender }给您发送以下内容的邮件：
confirm-again-title = 之前已经确认过了
confirm-again-body = 此链接已使用过。这次没有任何更改。
confirm-withdrawn-title = 没有确认任何内容
confirm-withdrawn-body = 在这个链接发给您之后，您已退订，退订继续有效。如果您还是想收到{ $sender }的邮件，请重新订阅。
confirm-ended-title = 此链接已失效
confirm-ended-body = 这种链接只在几天内有效。没有确认任何内容。如需新的链接，请重新向{ $sender }订阅。

missing-title = 找不到页面
missing-body = 此链接无法使用。请检查是否完整复制了邮件中的链接。

nothing-title = 我们没有保存您的任何信息
nothing-body = 这里没有可以更改的内容了。您什么都不用做。

later-title = 请稍后再试
later-body = 我们暂时无法访问记录，因此不能确定您的选择是否已保存。请几分钟后再试。
many-title = 请求过多
many-body = 您的网络在短时间内发来了很多请求。请等一分钟再试。没有任何更改。

unread-title = 没有收到您的操作
unread-body = 我们无法读取发来的内容，所以没有任何更改。请返回后重试。
