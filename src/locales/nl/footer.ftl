# Wat onder een marketingbericht komt te staan. Kort, en gezegd zoals je het tegen een klant zegt.
footer-sender = Deze e-mail kreeg je van { $sender }.
footer-unsubscribe = Uitschrijven
footer-unsubscribe-invite = Liever geen e-mail meer van ons? Je kunt je op elk moment uitschrijven:
footer-preferences = Kies waarover je wilt horen
footer-preferences-invite = Interesse in iets anders? Kies waarover je wilt horen:
footer-advertising = Deze e-mail is reclame.
footer-privacy = Privacyverklaring:
