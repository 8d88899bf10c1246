# Was Empfängerinnen und Empfänger auf den Seiten hinter ihren Links lesen.

about-address = Es geht um { $address }.
service-note = Rechnungen und andere Nachrichten, die Sie brauchen, kommen weiterhin an.

ask-title = Abmelden
ask-heading = Von { $sender } abmelden?
ask-lead = Noch hat sich nichts geändert. Was möchten Sie nicht mehr erhalten?
ask-leave-scope = Keine E-Mails mehr zu „{ $interest }“
ask-leave-list = Diese E-Mails nicht mehr
ask-leave-all = Gar keine Werbung mehr von { $sender }
ask-choose = Lieber auswählen, was Sie interessiert

done-title = Sie sind abgemeldet
done-scope = { $sender } schickt Ihnen keine E-Mails mehr zu „{ $interest }“.
done-list = { $sender } schickt Ihnen diese E-Mails nicht mehr.
done-all = { $sender } schickt Ihnen keine Werbung mehr per E-Mail.
done-note = Ihre Wahl ist gespeichert und gilt ab sofort.

undo-lead = Aus Versehen geklickt? Sie können es innerhalb von 24 Stunden rückgängig machen.
undo-button = Rückgängig machen
undone-title = Willkommen zurück
undone-body = Ihre Abmeldung ist zurückgenommen. Was Sie vorher erlaubt hatten, gilt wieder.
undo-late-title = Das lässt sich hier nicht rückgängig machen
undo-late-body = Die 24 Stunden sind vorbei, oder es ist schon geschehen. Es hat sich nichts geändert. Sie können sich bei { $sender } jederzeit neu anmelden.

choose-title = Ihre E-Mail-Auswahl
choose-heading = Wovon möchten Sie von { $sender } hören?
choose-legend = Interessen
choose-lead = Wählen Sie aus, was Sie möchten, und entfernen Sie das Häkchen beim Rest. Zu einem Interesse gehört alles, was darunter steht.
choose-save = Auswahl speichern
choose-empty = Hier gibt es im Moment nichts auszuwählen.
tracking-legend = Leseverhalten
tracking-label = { $sender } darf sehen, ob und wann ich die E-Mails öffne und welche Links ich anklicke.
tracking-note = Das ist aus, solange Sie es nicht einschalten. Sie bekommen dieselben E-Mails: Ohne Ihre Zustimmung entfernen wir die unsichtbaren Bilder und die Teile von Links, die das verraten würden.
none-heading = Lieber gar nichts?
none-button = Gar keine Werbung

saved = Ihre Auswahl ist gespeichert.
saved-covered = „{ $interest }“ ist jetzt auch aus, weil es zu einem Interesse gehört, das Sie abgewählt haben.
saved-not-on = „{ $interest }“ lässt sich hier noch nicht einschalten. Bitte melden Sie sich dafür bei { $sender } an.

confirm-title = Bitte bestätigen
confirm-heading = Möchten Sie E-Mails von { $sender }?
confirm-lead = Jemand, vermutlich Sie, hat sich bei { $sender } angemeldet für E-Mails zu:
confirm-button = Ja, bitte an mich senden
confirm-nothing = Wenn Sie es nicht waren, müssen Sie nichts tun: Ohne einen Druck auf den Knopf wird nichts davon gesendet.
confirm-freely = Sie können es sich jederzeit anders überlegen. In jeder solchen E-Mail steht ein Link dafür.
confirmed-title = Danke, es ist bestätigt
confirmed-lead = Sie haben zugestimmt, dass { $sender } Ihnen E-Mails schickt zu:
confirm-again-title = Es ist schon bestätigt
confirm-again-body = Dieser Link wurde schon benutzt. Jetzt hat sich nichts geändert.
confirm-withdrawn-title = Es wurde nichts bestätigt
confirm-withdrawn-body = Sie haben sich abgemeldet, nachdem dieser Link verschickt wurde, und das gilt. Wenn Sie doch von { $sender } hören möchten, melden Sie sich dort bitte neu an.
confirm-ended-title = Dieser Link ist abgelaufen
confirm-ended-body = So ein Link gilt nur einige Tage. Es wurde nichts bestätigt. Für einen neuen melden Sie sich bitte noch einmal bei { $sender } an.

missing-title = Seite nicht gefunden
missing-body = Dieser Link funktioniert nicht. Bitte prüfen Sie, ob Sie ihn vollständig aus der E-Mail übernommen haben.

nothing-title = Über Sie ist nichts gespeichert
nothing-body = Hier gibt es nichts mehr zu ändern. Sie müssen nichts tun.

later-title = Bitte versuchen Sie es noch einmal
later-body = Wir erreichen unsere Daten gerade nicht und können deshalb nicht sagen, ob Ihre Wahl gespeichert ist. Bitte versuchen Sie es in einigen Minuten noch einmal.
many-title = Zu viele Anfragen
many-body = Aus Ihrem Netz kamen in kurzer Zeit viele Anfragen. Bitte warten Sie eine Minute und versuchen Sie es noch einmal. Es wurde nichts geändert.

unread-title = Das ist nicht angekommen
unread-body = Wir konnten nicht lesen, was gesendet wurde. Es hat sich nichts geändert. Bitte gehen Sie zurück und versuchen Sie es noch einmal.
