# What goes into mail below a marketing message. Short, and said as one would say it to a customer.
footer-sender = { $sender } sent you this e-mail.
footer-unsubscribe = Unsubscribe
footer-unsubscribe-invite = Would you rather not hear from us? You can unsubscribe at any time:
footer-preferences = Choose what you hear about
footer-preferences-invite = Interested in something else? Choose what you hear about:
footer-advertising = This e-mail is an advertisement.
footer-privacy = Privacy notice:
