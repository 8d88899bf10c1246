## The pages behind the links of a mail.
## $sender: the brand’s name. $interest: the title of an interest. $address: a redacted address.

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

## How marketing comes, and why it may come at all.
## $sender: the brand’s name. $date: 2026-05-03. $interest: the title of an interest. $address: the sender’s own.

choices-language-name = Deutsch
less-lead = Oder möchten Sie lieber weniger bekommen?
less-weekly = Höchstens einmal pro Woche
less-pause-30 = 30 Tage Pause
less-pause-90 = 90 Tage Pause
chosen-title = Ihre Wahl ist gespeichert
chosen-weekly = Ab jetzt schickt Ihnen { $sender } höchstens einmal pro Woche Werbung.
chosen-paused = { $sender } schickt Ihnen bis { $date } keine Werbung. Danach kann sie wieder kommen.
chosen-undo-lead = Haben Sie es sich anders überlegt?
chosen-undo = Rückgängig machen
chosen-undone-title = Ihre Wahl ist zurückgenommen
chosen-undone-body = Was Sie vorher gewählt hatten, gilt wieder.
chosen-late-title = Das lässt sich hier nicht zurücknehmen
chosen-late-body = Sie haben seitdem etwas anderes gewählt, oder es wurde schon zurückgenommen. Jetzt hat sich nichts geändert.
often-legend = Wie oft
often-as-sent = So oft es etwas zu berichten gibt
often-weekly = Höchstens einmal pro Woche
often-monthly = Höchstens einmal im Monat
pause-legend = Eine Pause einlegen
pause-none = Keine Pause
pause-keep = Pause bis { $date }
pause-end = Pause jetzt beenden
pause-30 = 30 Tage Pause ab heute
pause-90 = 90 Tage Pause ab heute
place-legend = Sprache und Zeit
place-language = Sprache
place-zone = Zeitzone
place-zone-none = Nicht gewählt
profiling-legend = Für Sie ausgesucht
profiling-label = { $sender } darf nach dem, was über mich bekannt ist, aussuchen, was ich bekomme.
profiling-note = Ohne das bekommen Sie nur, was { $sender } an alle gleich schickt.
saved-unread = Eine Ihrer Angaben konnten wir nicht lesen. Dort bleibt alles, wie es war.
why-heading = Warum Sie diese E-Mails bekommen
why-double-opt-in = Am { $date } haben Sie bestätigt, dass Sie E-Mails zu „{ $interest }“ möchten.
why-single-opt-in = Am { $date } haben Sie gesagt, dass Sie E-Mails zu „{ $interest }“ möchten.
why-purchase = Am { $date } haben Sie etwas gekauft („{ $interest }“).
why-inquiry = Am { $date } haben Sie nach etwas gefragt („{ $interest }“).
why-negotiation = Am { $date } haben Sie über einen Kauf gesprochen („{ $interest }“).
why-noticed = Damals wurde Ihnen gesagt, dass { $sender } Ihnen zu Ähnlichem schreiben darf.
why-no-objection = Wo Sie leben, darf { $sender } Ihnen schreiben, solange Sie nicht widersprechen.
why-none = Zurzeit gibt es nichts, worauf { $sender } Ihnen Werbung schicken darf.
source-import = Ihre Adresse kam mit einer Liste, die { $sender } am { $date } übernommen hat.
source-told = { $sender } hat Ihre Adresse am { $date } an diesen Maildienst gegeben.
controller = { $sender } bestimmt, wofür Ihre Daten verwendet werden.
controller-address = Anschrift: { $address }
privacy-link = Wie { $sender } mit Ihren Daten umgeht
processor-note = Dieser Maildienst arbeitet für { $sender } und verwendet Ihre Daten für nichts anderes.
functional-heading = Was Sie auf jeden Fall bekommen
functional-note = Quittungen, Antworten auf Ihre Fragen und Sicherheitshinweise wie Rückrufe kommen, was immer Sie hier wählen. Sie sind keine Werbung.

## What people read about their own data: on the pages behind a fresh link, and in the letters that bring it.
## $sender: the brand’s name. $interests: titles of interests. $minutes: how long a link works, a number. $choice: how often.
## $date: 2026-05-03 13:00.

data-ask-heading = Was wir über Sie wissen
data-ask-lead = Wir schicken Ihnen per E-Mail einen Link zu allem, was über Sie gespeichert ist. Dort können Sie es auch berichtigen, mitnehmen oder löschen lassen.
data-ask-button = Link zusenden
data-asked-title = Schauen Sie in Ihr Postfach
data-asked-body = Wenn { $sender } die betreffende Adresse kennt, haben wir einen Link dorthin geschickt. Falls nichts ankommt, warten Sie bitte ein paar Minuten und fragen Sie noch einmal: Wir senden höchstens einen in fünf Minuten und fünf am Tag.
data-mail-subject = Ihre Daten bei { $sender }
data-mail-lead = Sie haben { $sender } gefragt, was über Sie gespeichert ist. Dieser Link öffnet es: Sie können es ansehen, berichtigen, mitnehmen oder löschen lassen.
data-mail-button = Meine Daten ansehen
data-mail-life = Der Link gilt { $minutes } Minuten. Bitte geben Sie ihn nicht weiter.
data-mail-nothing = Falls Sie das nicht waren, müssen Sie nichts tun: Ohne diesen Link sieht niemand Ihre Daten.
data-address-mail-subject = Ist das Ihre Adresse? { $sender }
data-address-mail-lead = Jemand, vermutlich Sie, möchte, dass { $sender } ab jetzt diese Adresse verwendet. Wenn es Ihre ist, bestätigen Sie das bitte.
data-address-mail-button = Diese Adresse verwenden
data-address-mail-nothing = Falls Sie das nicht waren, müssen Sie nichts tun: Es ändert sich nichts.
data-ended-title = Dieser Link ist abgelaufen
data-ended-body = Ein Link zu Ihren Daten gilt nur kurze Zeit. Wir können Ihnen einen neuen schicken.
data-ended-button = Neuen Link zusenden
data-title = Ihre Daten
data-heading = Was { $sender } über Sie gespeichert hat
data-facts = Was geschehen ist
data-proof = Woher wir das wissen
data-channel = Eingegangen über
data-mail = E-Mails an Sie
data-mail-none = Es sind keine verzeichnet.
data-mail-more = Ältere E-Mails stehen in der Kopie, die Sie mitnehmen können.
data-mail-service = Service-Mail
data-mail-sent = gesendet
data-mail-stopped = nicht gesendet
data-mail-waits = wartet
data-requests = Was Sie verlangt haben
data-request-access = eine Kopie Ihrer Daten
data-request-rectification = eine andere Adresse
data-request-erasure = Löschung
data-request-restriction = wie Ihre Daten verwendet werden dürfen
data-request-objection = keine Werbung
data-request-open = in Bearbeitung
data-request-done = erledigt
data-request-refused = abgelehnt, wie Ihnen mitgeteilt wurde
data-take-heading = Mitnehmen
data-take-lead = Alles in einer Datei, für Sie und für andere Programme.
data-take-button = Meine Daten herunterladen
data-correct-heading = Eine andere Adresse
data-correct-label = Ihre neue E-Mail-Adresse. Wir schicken einen Link dorthin; geändert wird, sobald Sie ihn dort bestätigen.
data-correct-button = Link an die neue Adresse senden
data-no-address-title = Das ist keine E-Mail-Adresse
data-no-address-body = Bitte gehen Sie zurück und prüfen Sie sie noch einmal. Es hat sich nichts geändert.
data-address-asked-title = Schauen Sie in das neue Postfach
data-address-asked-body = Wir haben einen Link an die neue Adresse geschickt, sofern sie heute nicht schon einen bekommen hat. Bis Sie ihn dort anklicken, bleibt alles, wie es ist.
data-address-title = Ist das Ihre Adresse?
data-address-body = { $sender } verwendet sie ab jetzt anstelle der bisherigen. Was Sie früher gewählt haben, bleibt bestehen.
data-address-button = Ja, diese Adresse verwenden
data-address-changed-title = Ihre Adresse ist geändert
data-address-changed-body = { $sender } verwendet jetzt diese Adresse. An die alte geht keine Werbung mehr.
data-address-taken-title = Das lässt sich hier nicht ändern
data-address-taken-body = Bei { $sender } ist unter dieser Adresse schon etwas gespeichert. Bitte wenden Sie sich an { $sender }. Es hat sich nichts geändert.
data-restrict-heading = Verwendung Ihrer Daten
data-restrict-lead = Ihre Daten bleiben, werden aber nicht für Werbung verwendet, bis Sie es wieder erlauben.
data-restrict-button = Verwendung meiner Daten einschränken
data-restricted-title = Ihre Daten sind eingeschränkt
data-restricted-body = { $sender } bewahrt sie auf und sendet damit keine Werbung. Sie können das an derselben Stelle beenden.
data-lift-lead = Sie haben die Verwendung Ihrer Daten eingeschränkt.
data-lift-button = Einschränkung aufheben
data-lifted-title = Die Einschränkung ist aufgehoben
data-lifted-body = Was Sie früher erlaubt haben, gilt wieder.
data-restricted-by-us = Die Verwendung Ihrer Daten ist eingeschränkt. Bitte wenden Sie sich an { $sender }, um das zu beenden.
data-object-heading = Keine Werbung
data-object-button = Ich widerspreche der Werbung
data-objected-title = Keine Werbung mehr
data-objected-body = { $sender } schickt Ihnen keine Werbung mehr per E-Mail.
data-profiling-heading = Nichts für mich ausgesucht
data-profiling-lead = Sie bekommen dann nur, was { $sender } allen gleich schickt.
data-profiling-button = Ich widerspreche dem Profiling
data-unprofiled-title = Für Sie wird nichts mehr ausgesucht
data-unprofiled-body = { $sender } sucht nicht mehr nach dem aus, was über Sie bekannt ist, was Sie bekommen.
data-erase-heading = Löschen
data-erase-lead = Alles, was { $sender } hier über Sie gespeichert hat, wird gelöscht und lässt sich nicht zurückholen.
data-erase-button = Meine Daten löschen
data-sure-title = Alles löschen?
data-sure-body = { $sender } weiß dann nichts mehr über Sie und schickt Ihnen keine Werbung, außer Sie melden sich neu an. Noch hat sich nichts geändert.
data-sure-button = Ja, alles löschen
data-erased-title = Alles ist gelöscht
data-erased-body = Hier ist nichts mehr über Sie gespeichert.
data-fact-signup = Sie haben sich angemeldet für: { $interests }. Damit noch nicht bestätigt.
data-fact-signup-all = Sie haben sich angemeldet. Damit noch nicht bestätigt.
data-fact-asked = Wir haben Sie per E-Mail gefragt, ob Sie dies wünschen: { $interests }.
data-fact-asked-all = Wir haben Sie per E-Mail um Bestätigung gebeten.
data-fact-confirmed = Sie haben zugestimmt und per E-Mail bestätigt: { $interests }.
data-fact-yes = Sie haben zugestimmt: { $interests }.
data-fact-yes-all = Sie haben zugestimmt.
data-fact-unconfirmed = Ihre Adresse kam aus einer anderen Liste, ohne Nachweis Ihrer Zustimmung: { $interests }.
data-fact-unconfirmed-all = Ihre Adresse kam aus einer anderen Liste, ohne Nachweis Ihrer Zustimmung.
data-fact-bought-told = Sie haben etwas gekauft ({ $interests }) und wurden informiert, dass wir Ihnen zu Ähnlichem schreiben dürfen.
data-fact-bought = Sie haben etwas gekauft ({ $interests }).
data-fact-inquired-told = Sie haben nach etwas gefragt ({ $interests }) und wurden informiert, dass wir Ihnen zu Ähnlichem schreiben dürfen.
data-fact-inquired = Sie haben nach etwas gefragt ({ $interests }).
data-fact-no = Sie haben abgelehnt: { $interests }.
data-fact-no-all = Sie haben alle Werbung abgelehnt.
data-fact-complaint = Sie haben unsere E-Mail als unerwünscht gemeldet. Das gilt als Nein.
data-fact-undone = Sie haben ein Nein zurückgenommen.
data-fact-tracking-yes = Sie haben erlaubt, dass wir sehen, ob Sie unsere E-Mails lesen.
data-fact-tracking-no = Sie haben abgelehnt, dass wir sehen, ob Sie unsere E-Mails lesen.
data-fact-bounced = E-Mails an Ihre Adresse kamen zurück, deshalb haben wir aufgehört.
data-fact-blocked = { $sender } hat Ihre Adresse gesperrt.
data-fact-unblocked = Ihre Adresse ist nicht mehr gesperrt.
data-fact-address = Seitdem haben Sie eine andere Adresse.
data-fact-restricted = Die Verwendung Ihrer Daten wurde eingeschränkt.
data-fact-lifted = Die Einschränkung wurde aufgehoben.
data-fact-erased = Ihre Daten wurden gelöscht.
data-fact-often = Sie haben gewählt, wie oft Werbung kommt: { $choice }.
data-fact-paused = Sie haben um eine Werbepause bis { $date } gebeten.
data-fact-pause-ended = Sie haben Ihre Werbepause beendet.
data-fact-profiling-no = Sie haben Mails widersprochen, die nach dem ausgesucht werden, was über Sie bekannt ist.
data-fact-profiling-yes = Sie haben Mails erlaubt, die nach dem ausgesucht werden, was über Sie bekannt ist.
data-fact-place = Sie haben Ihre Sprache oder Zeitzone gewählt.

## Below a marketing message. Short, and said as one would say it to a customer.
## $sender: the brand’s name.

footer-sender = Diese E-Mail kommt von { $sender }.
footer-unsubscribe = Abmelden
footer-unsubscribe-invite = Sie möchten lieber nichts mehr von uns hören? Hier können Sie sich jederzeit abmelden:
footer-preferences = Themen auswählen
footer-preferences-invite = Sie interessieren sich für etwas anderes? Wählen Sie hier Ihre Themen aus:
footer-advertising = Diese E-Mail ist Werbung.
footer-privacy = Datenschutzhinweise:

## Mail that the gateway writes itself in a sender’s name, and the page for a new link. Nothing in it sells anything.
## $sender: the brand’s name. $host: the website of the sign-up form. $days: a number from 2 on.

mail-privacy = Datenschutzhinweise

mail-confirm-subject = Bitte bestätigen: E-Mails von { $sender }
mail-confirm-lead = Jemand, vermutlich Sie, hat sich bei { $sender } angemeldet für E-Mails zu:
mail-confirm-lead-host = Jemand, vermutlich Sie, hat sich bei { $sender } auf { $host } angemeldet für E-Mails zu:
mail-confirm-form = Im Formular stand:
mail-confirm-button = Anmeldung bestätigen
mail-confirm-days = Der Link gilt { $days } Tage.
mail-confirm-nothing = Wenn Sie es nicht waren, müssen Sie nichts tun: Solange Sie nicht bestätigen, erhalten Sie keine dieser E-Mails.

confirm-over-body = So ein Link gilt nur einige Tage. Es wurde nichts bestätigt. Möchten Sie diese E-Mails noch?
confirm-over-button = Neuen Link senden
confirm-asked-title = Das ist angekommen
confirm-asked-body = Wenn wir Sie noch fragen dürfen, ist ein neuer Link an Sie unterwegs. Es ändert sich nichts, bis Sie ihn anklicken. Kommt keiner an, versuchen Sie es bitte morgen noch einmal.
saved-asked = Sie möchten „{ $interest }“. Wenn wir Sie fragen dürfen, haben wir Ihnen einen Link gemailt: Es ändert sich nichts, bis Sie ihn anklicken.
