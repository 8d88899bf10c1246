## The pages behind the links of a mail.
## $sender: the brand’s name. $interest: the title of an interest. $address: a redacted address.

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

## How marketing comes, and why it may come at all.
## $sender: the brand’s name. $date: 2026-05-03. $interest: the title of an interest. $address: the sender’s own.

choices-language-name = 简体中文
less-lead = 或者，您希望少收一些邮件？
less-weekly = 每周最多一封
less-pause-30 = 暂停 30 天
less-pause-90 = 暂停 90 天
chosen-title = 您的选择已保存
chosen-weekly = 从现在起，{ $sender } 每周最多给您发送一封营销邮件。
chosen-paused = 在 { $date } 之前，{ $sender } 不会给您发送营销邮件。之后可能会恢复发送。
chosen-undo-lead = 改变主意了吗？
chosen-undo = 撤销这个选择
chosen-undone-title = 已经撤销
chosen-undone-body = 您之前的选择重新生效。
chosen-late-title = 在这里无法撤销
chosen-late-body = 您之后作了别的选择，或者这个选择已被撤销。现在没有任何改变。
often-legend = 接收频率
often-as-sent = 有消息就发给我
often-weekly = 每周最多一封
often-monthly = 每月最多一封
pause-legend = 暂停接收
pause-none = 不暂停
pause-keep = 暂停至 { $date }
pause-end = 现在结束暂停
pause-30 = 从今天起暂停 30 天
pause-90 = 从今天起暂停 90 天
place-legend = 语言和时间
place-language = 语言
place-zone = 时区
place-zone-none = 未选择
profiling-legend = 为您挑选
profiling-label = { $sender } 可以根据对我的了解来挑选发给我的内容。
profiling-note = 如果不选，您只会收到 { $sender } 发给所有人的相同内容。
saved-unread = 您的一项选择无法识别，已保持原样。
why-heading = 您为什么会收到这些邮件
why-double-opt-in = 您于 { $date } 确认希望收到有关“{ $interest }”的邮件。
why-single-opt-in = 您于 { $date } 表示希望收到有关“{ $interest }”的邮件。
why-purchase = 您于 { $date } 购买过商品（“{ $interest }”）。
why-inquiry = 您于 { $date } 咨询过（“{ $interest }”）。
why-negotiation = 您于 { $date } 洽谈过购买事宜（“{ $interest }”）。
why-noticed = 当时已告知您，{ $sender } 可能会就类似内容给您写信。
why-no-objection = 在您所在的地方，只要您没有拒绝，{ $sender } 就可以给您写信。
why-none = 目前没有任何依据允许 { $sender } 给您发送营销邮件。
source-import = 您的地址来自 { $sender } 于 { $date } 导入的名单。
source-told = { $sender } 于 { $date } 将您的地址提供给了本邮件服务。
controller = 您的数据作何用途，由 { $sender } 决定。
controller-address = 地址：{ $address }
privacy-link = { $sender } 如何处理您的数据
processor-note = 本邮件服务为 { $sender } 工作，不会将您的数据用于其他用途。
functional-heading = 无论如何都会收到的邮件
functional-note = 无论您在这里如何选择，收据、对您问题的答复以及产品召回等安全通知都会发送给您。它们不是营销邮件。

## What people read about their own data: on the pages behind a fresh link, and in the letters that bring it.
## $sender: the brand’s name. $interests: titles of interests. $minutes: how long a link works, a number. $choice: how often.
## $date: 2026-05-03 13:00.

data-ask-heading = 我们保存了您的哪些信息
data-ask-lead = 我们会把一个链接发到您的邮箱，您可以在那里查看、更正、带走或删除所保存的全部信息。
data-ask-button = 把链接发给我
data-asked-title = 请查看您的邮箱
data-asked-body = 如果 { $sender } 知道相关的邮箱地址，我们已向它发送了链接。若没有收到，请过几分钟再试：我们每五分钟最多发一次，每天最多五次。
data-mail-subject = 您在 { $sender } 的个人信息
data-mail-lead = 您向 { $sender } 询问了保存的个人信息。打开此链接即可查看、更正、带走或删除。
data-mail-button = 查看我的信息
data-mail-life = 链接在 { $minutes } 分钟内有效，请不要转发给他人。
data-mail-nothing = 如果不是您本人的请求，您无需做任何事：没有此链接，任何人都看不到您的信息。
data-address-mail-subject = 这是您的邮箱地址吗？{ $sender }
data-address-mail-lead = 有人（很可能是您本人）希望 { $sender } 今后使用此邮箱地址。如果这是您的地址，请确认。
data-address-mail-button = 使用此地址
data-address-mail-nothing = 如果不是您本人的请求，您无需做任何事：一切保持不变。
data-ended-title = 此链接已失效
data-ended-body = 个人信息的链接只在短时间内有效。我们可以给您发送新的链接。
data-ended-button = 给我发送新链接
data-title = 您的个人信息
data-heading = { $sender } 保存的您的信息
data-facts = 发生过的事
data-proof = 我们如何得知
data-channel = 来源
data-mail = 发给您的邮件
data-mail-none = 没有记录。
data-mail-more = 更早的邮件在您可以带走的副本中。
data-mail-service = 服务邮件
data-mail-sent = 已发送
data-mail-stopped = 未发送
data-mail-waits = 等待中
data-requests = 您提出的请求
data-request-access = 信息副本
data-request-rectification = 更改地址
data-request-erasure = 删除
data-request-restriction = 信息的使用方式
data-request-objection = 不接收营销邮件
data-request-open = 处理中
data-request-done = 已完成
data-request-refused = 已拒绝，并已告知您
data-take-heading = 带走
data-take-lead = 全部信息打包在一个文件中，供您和其他程序使用。
data-take-button = 下载我的信息
data-correct-heading = 更改邮箱地址
data-correct-label = 您的新邮箱地址。我们会向它发送链接，您在那里确认后即会更改。
data-correct-button = 向新地址发送链接
data-no-address-title = 这不是邮箱地址
data-no-address-body = 请返回重新检查。没有任何更改。
data-address-asked-title = 请查看新邮箱
data-address-asked-body = 我们已向新地址发送了一个链接（如果该地址今天已收到过，则不再发送）。在您从那里点击之前，一切保持不变。
data-address-title = 这是您的地址吗？
data-address-body = { $sender } 今后将使用此地址代替现有地址。您之前的选择保持不变。
data-address-button = 是的，使用此地址
data-address-changed-title = 您的地址已更改
data-address-changed-body = { $sender } 现在使用此地址，不再向旧地址发送营销邮件。
data-address-taken-title = 无法在此更改
data-address-taken-body = { $sender } 已在此地址下保存了信息，请联系 { $sender }。没有任何更改。
data-restrict-heading = 信息的使用
data-restrict-lead = 您的信息会保留，但在您另行通知之前不会用于营销。
data-restrict-button = 限制使用我的信息
data-restricted-title = 您的信息已限制使用
data-restricted-body = { $sender } 会保留您的信息，但不用于营销。您可以在同一页面解除限制。
data-lift-lead = 您已限制信息的使用。
data-lift-button = 解除限制
data-lifted-title = 限制已解除
data-lifted-body = 您之前同意的内容重新生效。
data-restricted-by-us = 您的信息已限制使用。如需解除，请联系 { $sender }。
data-object-heading = 不接收营销邮件
data-object-button = 我反对营销邮件
data-objected-title = 不再发送营销邮件
data-objected-body = { $sender } 将不再向您发送营销邮件。
data-profiling-heading = 不为我挑选内容
data-profiling-lead = 这样您只会收到 { $sender } 统一发送给所有人的邮件。
data-profiling-button = 我反对用户画像
data-unprofiled-title = 不再为您挑选内容
data-unprofiled-body = { $sender } 不再根据您的个人情况挑选发送给您的内容。
data-erase-heading = 删除
data-erase-lead = { $sender } 在此保存的您的全部信息都将被删除，且无法恢复。
data-erase-button = 删除我的信息
data-sure-title = 确定全部删除吗？
data-sure-body = 此后 { $sender } 不再保存您的任何信息，也不会向您发送营销邮件，除非您重新注册。目前尚未做任何更改。
data-sure-button = 是的，全部删除
data-erased-title = 已全部删除
data-erased-body = 这里不再保存您的任何信息。
data-fact-signup = 您注册了：{ $interests }。当时尚未确认。
data-fact-signup-all = 您注册了。当时尚未确认。
data-fact-asked = 我们发邮件询问您是否需要：{ $interests }。
data-fact-asked-all = 我们发邮件请您确认。
data-fact-confirmed = 您已同意并通过邮件确认：{ $interests }。
data-fact-yes = 您已同意：{ $interests }。
data-fact-yes-all = 您已同意。
data-fact-unconfirmed = 您的地址来自其他名单，没有您同意的证明：{ $interests }。
data-fact-unconfirmed-all = 您的地址来自其他名单，没有您同意的证明。
data-fact-bought-told = 您购买了商品（{ $interests }），并被告知我们可就类似商品联系您。
data-fact-bought = 您购买了商品（{ $interests }）。
data-fact-inquired-told = 您咨询过（{ $interests }），并被告知我们可就类似内容联系您。
data-fact-inquired = 您咨询过（{ $interests }）。
data-fact-no = 您已拒绝：{ $interests }。
data-fact-no-all = 您已拒绝所有营销邮件。
data-fact-complaint = 您将我们的邮件举报为垃圾邮件，这视为拒绝。
data-fact-undone = 您撤回了一次拒绝。
data-fact-tracking-yes = 您同意我们了解您是否阅读邮件。
data-fact-tracking-no = 您拒绝我们了解您是否阅读邮件。
data-fact-bounced = 发往您地址的邮件被退回，我们已停止发送。
data-fact-blocked = { $sender } 已屏蔽您的地址。
data-fact-unblocked = 您的地址已解除屏蔽。
data-fact-address = 自此您使用了新的地址。
data-fact-restricted = 您的信息被限制使用。
data-fact-lifted = 限制已解除。
data-fact-erased = 您的信息已删除。
data-fact-often = 您选择了接收营销邮件的频率：{ $choice }。
data-fact-paused = 您要求在 { $date } 之前暂停接收营销邮件。
data-fact-pause-ended = 您结束了营销邮件的暂停。
data-fact-profiling-no = 您反对根据您的个人情况挑选邮件内容。
data-fact-profiling-yes = 您允许根据您的个人情况挑选邮件内容。
data-fact-place = 您选择了语言或时区。

## Below a marketing message. Short, and said as one would say it to a customer.
## $sender: the brand’s name.

footer-sender = 本邮件由{ $sender }发送。
footer-unsubscribe = 退订
footer-unsubscribe-invite = 不想再收到我们的邮件？您可以随时退订：
footer-preferences = 选择感兴趣的内容
footer-preferences-invite = 对其他内容感兴趣？请选择您想了解的内容：
footer-advertising = 本邮件为广告。
footer-privacy = 隐私声明：

## Mail that the gateway writes itself in a sender’s name, and the page for a new link. Nothing in it sells anything.
## $sender: the brand’s name. $host: the website of the sign-up form. $days: a number from 2 on.

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
