### What subscribers read. A language is one such file, named by its tag; all have these keys, in this order.

## The pages behind the links of a mail.
## $sender: the brand’s name. $interest: the title of an interest. $address: a redacted address.

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

## How marketing comes, and why it may come at all.
## $sender: the brand’s name. $date: 2026-05-03. $interest: the title of an interest. $address: the sender’s own.

choices-language-name = English
less-lead = Or would you rather get less?
less-weekly = Once a week at most
less-pause-30 = Pause for 30 days
less-pause-90 = Pause for 90 days
chosen-title = Your choice is saved
chosen-weekly = From now on { $sender } sends you marketing once a week at most.
chosen-paused = { $sender } sends you no marketing until { $date }. After that it may come again.
chosen-undo-lead = Changed your mind?
chosen-undo = Take this back
chosen-undone-title = It is taken back
chosen-undone-body = What you had chosen before holds again.
chosen-late-title = This can’t be taken back here
chosen-late-body = You have chosen something else since, or it was taken back already. Nothing has changed now.
often-legend = How often
often-as-sent = As often as there is something to tell
often-weekly = Once a week at most
often-monthly = Once a month at most
pause-legend = Take a break
pause-none = No break
pause-keep = On a break until { $date }
pause-end = End the break now
pause-30 = A break of 30 days from today
pause-90 = A break of 90 days from today
place-legend = Language and time
place-language = Language
place-zone = Time zone
place-zone-none = Not chosen
profiling-legend = Picked for you
profiling-label = { $sender } may pick what it sends me by what it knows about me.
profiling-note = Without this you only get what { $sender } sends to everybody alike.
saved-unread = One of your choices couldn’t be read and was left as it was.
why-heading = Why you get this e-mail
why-double-opt-in = On { $date } you confirmed that you want e-mail about “{ $interest }”.
why-single-opt-in = On { $date } you said that you want e-mail about “{ $interest }”.
why-purchase = On { $date } you bought something (“{ $interest }”).
why-inquiry = On { $date } you asked about something (“{ $interest }”).
why-negotiation = On { $date } you talked about buying something (“{ $interest }”).
why-noticed = You were told then that { $sender } may write to you about similar things.
why-no-objection = Where you are, { $sender } may write to you as long as you don’t say no.
why-none = At the moment nothing allows { $sender } to send you marketing.
source-import = Your address came with a list that { $sender } imported on { $date }.
source-told = { $sender } passed your address on to this mail service on { $date }.
controller = { $sender } decides what your data are used for.
controller-address = Address: { $address }
privacy-link = How { $sender } handles your data
processor-note = This mail service works for { $sender } and uses your data for nothing else.
functional-heading = What you get in any case
functional-note = Receipts, answers to your questions and safety notices, such as recalls, come whatever you choose here. They are not marketing.

## What people read about their own data: on the pages behind a fresh link, and in the letters that bring it.
## $sender: the brand’s name. $interests: titles of interests. $minutes: how long a link works, a number. $choice: how often.
## $date: 2026-05-03 13:00.

data-ask-heading = What we know about you
data-ask-lead = We mail you a link to everything that is kept about you. There you can also correct it, take it along or have it erased.
data-ask-button = Mail me the link
data-asked-title = Look in your mailbox
data-asked-body = If { $sender } knows the address that this is about, we have mailed a link to it. If nothing comes, wait a few minutes and ask again: we send at most one in five minutes and five a day.
data-mail-subject = Your data at { $sender }
data-mail-lead = You asked { $sender } what is kept about you. This link opens it: you can see it, correct it, take it along or have it erased.
data-mail-button = See my data
data-mail-life = The link works for { $minutes } minutes. Please don’t pass it on.
data-mail-nothing = If it wasn’t you, you don’t need to do anything: without this link nobody sees your data.
data-address-mail-subject = Is this your address? { $sender }
data-address-mail-lead = Somebody, probably you, wants { $sender } to use this address from now on. If it is yours, please say so.
data-address-mail-button = Use this address
data-address-mail-nothing = If it wasn’t you, you don’t need to do anything: nothing changes.
data-ended-title = This link has ended
data-ended-body = A link to your data works for a short time only. We can mail you a new one.
data-ended-button = Mail me a new link
data-title = Your data
data-heading = What { $sender } keeps about you
data-facts = What happened
data-proof = How we know
data-channel = Came in by
data-mail = E-mail to you
data-mail-none = None is on record.
data-mail-more = Older mail is in the copy that you can take along.
data-mail-service = service mail
data-mail-sent = sent
data-mail-stopped = not sent
data-mail-waits = waiting
data-requests = What you asked for
data-request-access = a copy of your data
data-request-rectification = another address
data-request-erasure = erasure
data-request-restriction = how your data may be used
data-request-objection = no marketing
data-request-open = being looked after
data-request-done = done
data-request-refused = refused, as you were told
data-take-heading = Take it along
data-take-lead = Everything in one file, for you and for other programs.
data-take-button = Download my data
data-correct-heading = Another address
data-correct-label = Your new e-mail address. We mail a link to it; the change is made when you press it there.
data-correct-button = Mail a link to the new address
data-no-address-title = That is not an e-mail address
data-no-address-body = Please go back and look at it again. Nothing has changed.
data-address-asked-title = Look in the new mailbox
data-address-asked-body = We have mailed a link to the new address, unless it got one today already. Until you press it there, everything stays as it is.
data-address-title = Is this your address?
data-address-body = { $sender } will use it from now on, in place of the one that it has. What you chose before stays.
data-address-button = Yes, use this address
data-address-changed-title = Your address is changed
data-address-changed-body = { $sender } uses this address now. No marketing goes to the old one any more.
data-address-taken-title = This can’t be changed here
data-address-taken-body = { $sender } keeps something under this address already. Please write to { $sender }. Nothing has changed.
data-restrict-heading = Use of your data
data-restrict-lead = Your data stays, but no marketing is sent by it until you say otherwise.
data-restrict-button = Restrict the use of my data
data-restricted-title = Your data is restricted
data-restricted-body = { $sender } keeps it and sends no marketing by it. You can end that in the same place.
data-lift-lead = You have restricted the use of your data.
data-lift-button = End the restriction
data-lifted-title = The restriction has ended
data-lifted-body = What you had agreed to before holds again.
data-restricted-by-us = The use of your data is restricted. Please write to { $sender } to have that ended.
data-object-heading = No marketing
data-object-button = I object to marketing
data-objected-title = No more marketing
data-objected-body = { $sender } will send you no more marketing by e-mail.
data-profiling-heading = Nothing picked for me
data-profiling-lead = You then only get what { $sender } sends to everybody alike.
data-profiling-button = I object to profiling
data-unprofiled-title = Nothing is picked for you any more
data-unprofiled-body = { $sender } no longer picks what it sends you by what it knows about you.
data-erase-heading = Erase
data-erase-lead = Everything that { $sender } keeps here about you is erased, and can’t be brought back.
data-erase-button = Erase my data
data-sure-title = Erase everything?
data-sure-body = { $sender } then knows nothing about you any more and sends you no marketing, unless you sign up anew. Nothing has changed yet.
data-sure-button = Yes, erase everything
data-erased-title = Everything is erased
data-erased-body = Nothing is kept about you here any more.
data-fact-signup = You signed up for: { $interests }. Not confirmed by that alone.
data-fact-signup-all = You signed up. Not confirmed by that alone.
data-fact-asked = We mailed you to ask whether you want: { $interests }.
data-fact-asked-all = We mailed you to ask for your confirmation.
data-fact-confirmed = You said yes to this, and confirmed it by e-mail: { $interests }.
data-fact-yes = You said yes to: { $interests }.
data-fact-yes-all = You said yes.
data-fact-unconfirmed = Your address came from another list, without a proof that you agreed: { $interests }.
data-fact-unconfirmed-all = Your address came from another list, without a proof that you agreed.
data-fact-bought-told = You bought something ({ $interests }) and were told that we may write to you about the like.
data-fact-bought = You bought something ({ $interests }).
data-fact-inquired-told = You asked about something ({ $interests }) and were told that we may write to you about the like.
data-fact-inquired = You asked about something ({ $interests }).
data-fact-no = You said no to: { $interests }.
data-fact-no-all = You said no to all marketing.
data-fact-complaint = You reported our mail as unwanted. That counts as a no.
data-fact-undone = You took a no back.
data-fact-tracking-yes = You said yes to being told apart when you read our mail.
data-fact-tracking-no = You said no to being told apart when you read our mail.
data-fact-bounced = Mail to your address came back, so we stopped.
data-fact-blocked = { $sender } has blocked your address.
data-fact-unblocked = Your address is no longer blocked.
data-fact-address = You have another address since then.
data-fact-restricted = The use of your data was restricted.
data-fact-lifted = The restriction ended.
data-fact-erased = Your data was erased.
data-fact-often = You chose how often marketing comes: { $choice }.
data-fact-paused = You asked for a break from marketing until { $date }.
data-fact-pause-ended = You ended your break from marketing.
data-fact-profiling-no = You objected to mail picked by what is known about you.
data-fact-profiling-yes = You allowed mail picked by what is known about you.
data-fact-place = You chose your language or time zone.

## Below a marketing message. Short, and said as one would say it to a customer.
## $sender: the brand’s name.

footer-sender = { $sender } sent you this e-mail.
footer-unsubscribe = Unsubscribe
footer-unsubscribe-invite = Would you rather not hear from us? You can unsubscribe at any time:
footer-preferences = Choose what you hear about
footer-preferences-invite = Interested in something else? Choose what you hear about:
footer-advertising = This e-mail is an advertisement.
footer-privacy = Privacy notice:

## Mail that the gateway writes itself in a sender’s name, and the page for a new link. Nothing in it sells anything.
## $sender: the brand’s name. $host: the website of the sign-up form. $days: a number from 2 on.

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
