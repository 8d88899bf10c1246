# What subscribers read on the pages behind their links.
# $sender: the brand's name. $interest: the title of an interest. $address: a redacted address.

about-address = This is about { $address }.
service-note = Receipts and other messages that you need are not affected.

ask-title = Unsubscribe
ask-heading = Unsubscribe from { $sender }?
ask-lead = Nothing has changed yet. What would you like to stop?
ask-leave-scope = Stop e-mail about “{ $interest }”
ask-leave-list = Stop these e-mails
ask-leave-all = Stop all marketing from { $sender }
ask-choose = Choose what you hear about instead

done-title = You are unsubscribed
done-scope = { $sender } will send you no more e-mail about “{ $interest }”.
done-list = { $sender } will send you no more of these e-mails.
done-all = { $sender } will send you no more marketing by e-mail.
done-note = Your choice is saved and holds from now on.

undo-lead = Pressed by mistake? You can take it back within 24 hours.
undo-button = Undo
undone-title = Welcome back
undone-body = We took your unsubscribe back. What you had agreed to before holds again.
undo-late-title = This can’t be undone here
undo-late-body = The 24 hours are over, or it was undone already. Nothing has changed. You are welcome to sign up with { $sender } again.

choose-title = Your e-mail choices
choose-heading = What would you like to hear about from { $sender }?
choose-legend = Interests
choose-lead = Tick what you want, untick what you don’t. An interest covers everything listed under it.
choose-save = Save my choices
choose-empty = There is nothing to choose here at the moment.
tracking-legend = Reading habits
tracking-label = { $sender } may see whether and when I open its e-mails, and which links I press.
tracking-note = This is off unless you switch it on. You get the same e-mails either way: without it we take out the invisible pictures and the parts of links that would tell.
none-heading = Rather nothing at all?
none-button = No marketing at all

saved = Your choices are saved.
saved-covered = “{ $interest }” is off as well, because it belongs to an interest that you switched off.
saved-not-on = “{ $interest }” can’t be switched on here yet. Please sign up for it with { $sender }.

confirm-title = Please confirm
confirm-heading = Do you want e-mail from { $sender }?
confirm-lead = Somebody, probably you, signed up with { $sender } for e-mail about:
confirm-button = Yes, send it to me
confirm-nothing = If it wasn’t you, you don’t need to do anything: unless you press the button, none of it is sent.
confirm-freely = You can change your mind at any time. Every such e-mail has a link for it.
confirmed-title = Thank you, it is confirmed
confirmed-lead = You have agreed that { $sender } sends you e-mail about:
confirm-again-title = It is confirmed already
confirm-again-body = This link has done its work before. Nothing has changed now.
confirm-withdrawn-title = Nothing was confirmed
confirm-withdrawn-body = You have unsubscribed since this link was sent to you, and that holds. If you would like to hear from { $sender } after all, please sign up there again.
confirm-ended-title = This link has ended
confirm-ended-body = Such a link works for some days only. Nothing was confirmed. To get a new one, please sign up with { $sender } again.

missing-title = Page not found
missing-body = This link doesn’t work. Please check that you copied all of it from the e-mail.

nothing-title = Nothing is kept about you
nothing-body = There is nothing left to change here. You don’t need to do anything.

later-title = Please try again
later-body = We can’t reach our records just now, so we can’t tell you that your choice is saved. Please try again in a few minutes.
many-title = Too many requests
many-body = Many requests have come from your network in a short time. Please wait a minute and try again. Nothing has been changed.

unread-title = That didn’t get through
unread-body = We couldn’t read what was sent, so nothing has changed. Please go back and try again.
