# What mail says that we write ourselves in a sender's name. Short and plain; nothing in it sells anything.
# $sender: the brand's name. $host: the website of the sign-up form. $days: a number from 2 on.
mail-privacy = Privacy notice

mail-confirm-subject = Please confirm: e-mail from { $sender }
mail-confirm-lead = Somebody, probably you, signed up with { $sender } for e-mail about:
mail-confirm-lead-host = Somebody, probably you, signed up with { $sender } on { $host } for e-mail about:
mail-confirm-form = The form said:
mail-confirm-button = Confirm my sign-up
mail-confirm-days = The link works for { $days } days.
mail-confirm-nothing = If it wasn’t you, you don’t need to do anything: unless you confirm, you get none of this e-mail.

confirm-over-body = Such a link works for some days only. Nothing was confirmed. Would you still like these e-mails?
confirm-over-button = Send me a new link
confirm-asked-title = We have taken note
confirm-asked-body = If you can still be asked, a new link is on its way to you. Nothing changes until you press it. If none arrives, please try again tomorrow.
saved-asked = You have asked for “{ $interest }”. If you can be asked, we have mailed you a link: nothing changes until you press it.
