# Was unter einer Werbemail steht. Kurz, und so gesagt, wie man es einem Kunden sagt.
footer-sender = Diese E-Mail kommt von { $sender }.
footer-unsubscribe = Abmelden
footer-unsubscribe-invite = Sie möchten lieber nichts mehr von uns hören? Hier können Sie sich jederzeit abmelden:
footer-preferences = Themen auswählen
footer-preferences-invite = Sie interessieren sich für etwas anderes? Wählen Sie hier Ihre Themen aus:
footer-advertising = Diese E-Mail ist Werbung.
footer-privacy = Datenschutzhinweise:
