## The pages behind the links of a mail.
## $sender: the brand’s name. $interest: the title of an interest. $address: a redacted address.

about-address = Dit gaat over { $address }.
service-note = Bonnen en andere berichten die je nodig hebt, blijven gewoon komen.

ask-title = Uitschrijven
ask-heading = Uitschrijven bij { $sender }?
ask-lead = Er is nog niets veranderd. Wat wil je niet meer ontvangen?
ask-leave-scope = Geen e-mail meer over ‘{ $interest }’
ask-leave-list = Deze e-mails niet meer
ask-leave-all = Helemaal geen reclame meer van { $sender }
ask-choose = Liever kiezen waarover je iets hoort

done-title = Je bent uitgeschreven
done-scope = { $sender } stuurt je geen e-mail meer over ‘{ $interest }’.
done-list = { $sender } stuurt je deze e-mails niet meer.
done-all = { $sender } stuurt je geen reclame meer per e-mail.
done-note = Je keuze is bewaard en geldt vanaf nu.

undo-lead = Per ongeluk gedrukt? Je kunt het binnen 24 uur terugdraaien.
undo-button = Terugdraaien
undone-title = Welkom terug
undone-body = Je uitschrijving is teruggedraaid. Waar je eerder ja op zei, geldt weer.
undo-late-title = Dit kan hier niet meer worden teruggedraaid
undo-late-body = De 24 uur zijn voorbij, of het was al teruggedraaid. Er is niets veranderd. Je kunt je altijd opnieuw aanmelden bij { $sender }.

choose-title = Je keuzes voor e-mail
choose-heading = Waarover wil je iets horen van { $sender }?
choose-legend = Interesses
choose-lead = Vink aan wat je wilt en haal het vinkje weg bij de rest. Bij een interesse hoort alles wat eronder staat.
choose-save = Mijn keuzes bewaren
choose-empty = Er valt hier op dit moment niets te kiezen.
tracking-legend = Leesgedrag
tracking-label = { $sender } mag zien of en wanneer ik de e-mails open en op welke links ik klik.
tracking-note = Dit staat uit zolang je het niet aanzet. Je krijgt dezelfde e-mails: zonder toestemming halen we de onzichtbare afbeeldingen en de delen van links weg die dat zouden verraden.
none-heading = Liever helemaal niets?
none-button = Helemaal geen reclame

saved = Je keuzes zijn bewaard.
saved-covered = ‘{ $interest }’ staat nu ook uit, want het hoort bij een interesse die je hebt uitgezet.
saved-not-on = ‘{ $interest }’ kan hier nog niet worden aangezet. Meld je ervoor aan bij { $sender }.

confirm-title = Bevestig je aanmelding
confirm-heading = Wil je e-mail van { $sender }?
confirm-lead = Iemand, waarschijnlijk jij, heeft zich bij { $sender } aangemeld voor e-mail over:
confirm-button = Ja, stuur het mij
confirm-nothing = Was jij het niet, dan hoef je niets te doen: zolang je niet op de knop drukt, wordt er niets van verstuurd.
confirm-freely = Je kunt je altijd bedenken. In elke e-mail hierover staat een link daarvoor.
confirmed-title = Bedankt, het is bevestigd
confirmed-lead = Je hebt ermee ingestemd dat { $sender } je e-mail stuurt over:
confirm-again-title = Het is al bevestigd
confirm-again-body = Deze link is al eerder gebruikt. Er is nu niets veranderd.
confirm-withdrawn-title = Er is niets bevestigd
confirm-withdrawn-body = Je hebt je uitgeschreven nadat deze link was verstuurd, en dat geldt. Wil je toch iets horen van { $sender }, meld je daar dan opnieuw aan.
confirm-ended-title = Deze link is verlopen
confirm-ended-body = Zo’n link werkt maar een paar dagen. Er is niets bevestigd. Meld je opnieuw aan bij { $sender } om een nieuwe te krijgen.

missing-title = Pagina niet gevonden
missing-body = Deze link werkt niet. Controleer of je de hele link uit de e-mail hebt overgenomen.

nothing-title = Er wordt niets over je bewaard
nothing-body = Hier valt niets meer te wijzigen. Je hoeft niets te doen.

later-title = Probeer het opnieuw
later-body = We kunnen nu niet bij onze gegevens en weten dus niet zeker of je keuze is bewaard. Probeer het over een paar minuten opnieuw.
many-title = Te veel verzoeken
many-body = Er zijn in korte tijd veel verzoeken uit je netwerk gekomen. Wacht een minuut en probeer het opnieuw. Er is niets gewijzigd.

unread-title = Dat kwam niet goed over
unread-body = We konden niet lezen wat er werd gestuurd. Er is niets veranderd. Ga terug en probeer het opnieuw.

## How marketing comes, and why it may come at all.
## $sender: the brand’s name. $date: 2026-05-03. $interest: the title of an interest. $address: the sender’s own.

choices-language-name = Nederlands
less-lead = Of krijg je liever minder mail?
less-weekly = Hoogstens één keer per week
less-pause-30 = 30 dagen pauze
less-pause-90 = 90 dagen pauze
chosen-title = Je keuze is bewaard
chosen-weekly = Vanaf nu stuurt { $sender } je hoogstens één keer per week reclame.
chosen-paused = { $sender } stuurt je geen reclame tot { $date }. Daarna kan die weer komen.
chosen-undo-lead = Van gedachten veranderd?
chosen-undo = Deze keuze terugdraaien
chosen-undone-title = Je keuze is teruggedraaid
chosen-undone-body = Wat je daarvoor had gekozen, geldt weer.
chosen-late-title = Dit kan hier niet worden teruggedraaid
chosen-late-body = Je hebt sindsdien iets anders gekozen, of het was al teruggedraaid. Er is nu niets veranderd.
often-legend = Hoe vaak
often-as-sent = Zo vaak als er iets te melden is
often-weekly = Hoogstens één keer per week
often-monthly = Hoogstens één keer per maand
pause-legend = Even pauze
pause-none = Geen pauze
pause-keep = Pauze tot { $date }
pause-end = Pauze nu beëindigen
pause-30 = 30 dagen pauze vanaf vandaag
pause-90 = 90 dagen pauze vanaf vandaag
place-legend = Taal en tijd
place-language = Taal
place-zone = Tijdzone
place-zone-none = Niet gekozen
profiling-legend = Voor jou uitgekozen
profiling-label = { $sender } mag kiezen wat ik krijg op basis van wat er over mij bekend is.
profiling-note = Zonder dit krijg je alleen wat { $sender } aan iedereen hetzelfde stuurt.
saved-unread = Een van je keuzes was niet te lezen en is gebleven zoals die was.
why-heading = Waarom je deze mail krijgt
why-double-opt-in = Op { $date } heb je bevestigd dat je mail wilt over ‘{ $interest }’.
why-single-opt-in = Op { $date } heb je gezegd dat je mail wilt over ‘{ $interest }’.
why-purchase = Op { $date } heb je iets gekocht (‘{ $interest }’).
why-inquiry = Op { $date } heb je naar iets gevraagd (‘{ $interest }’).
why-negotiation = Op { $date } heb je over een aankoop gesproken (‘{ $interest }’).
why-noticed = Toen is je verteld dat { $sender } je over vergelijkbare dingen mag schrijven.
why-no-objection = Waar je woont, mag { $sender } je schrijven zolang je geen nee zegt.
why-none = Op dit moment is er niets waarop { $sender } je reclame mag sturen.
source-import = Je adres kwam mee met een lijst die { $sender } op { $date } heeft ingelezen.
source-told = { $sender } heeft je adres op { $date } aan deze maildienst doorgegeven.
controller = { $sender } bepaalt waarvoor je gegevens worden gebruikt.
controller-address = Adres: { $address }
privacy-link = Hoe { $sender } met je gegevens omgaat
processor-note = Deze maildienst werkt voor { $sender } en gebruikt je gegevens nergens anders voor.
functional-heading = Wat je hoe dan ook krijgt
functional-note = Bonnen, antwoorden op je vragen en veiligheidsberichten, zoals terugroepacties, komen altijd, wat je hier ook kiest. Dat is geen reclame.

## What people read about their own data: on the pages behind a fresh link, and in the letters that bring it.
## $sender: the brand’s name. $interests: titles of interests. $minutes: how long a link works, a number. $choice: how often.
## $date: 2026-05-03 13:00.

data-ask-heading = Wat we over je weten
data-ask-lead = We mailen je een link naar alles wat over je wordt bewaard. Daar kun je het ook verbeteren, meenemen of laten wissen.
data-ask-button = Mail me de link
data-asked-title = Kijk in je mailbox
data-asked-body = Als { $sender } het adres kent waar het om gaat, hebben we er een link naartoe gemaild. Komt er niets, wacht dan een paar minuten en vraag het opnieuw: we sturen er hooguit één per vijf minuten en vijf per dag.
data-mail-subject = Je gegevens bij { $sender }
data-mail-lead = Je hebt { $sender } gevraagd wat er over je wordt bewaard. Deze link opent het: je kunt het bekijken, verbeteren, meenemen of laten wissen.
data-mail-button = Mijn gegevens bekijken
data-mail-life = De link werkt { $minutes } minuten. Stuur hem niet door.
data-mail-nothing = Was jij het niet, dan hoef je niets te doen: zonder deze link ziet niemand je gegevens.
data-address-mail-subject = Is dit je adres? { $sender }
data-address-mail-lead = Iemand, waarschijnlijk jij, wil dat { $sender } voortaan dit adres gebruikt. Is het van jou, bevestig het dan.
data-address-mail-button = Dit adres gebruiken
data-address-mail-nothing = Was jij het niet, dan hoef je niets te doen: er verandert niets.
data-ended-title = Deze link is verlopen
data-ended-body = Een link naar je gegevens werkt maar kort. We kunnen je een nieuwe mailen.
data-ended-button = Mail me een nieuwe link
data-title = Je gegevens
data-heading = Wat { $sender } over je bewaart
data-facts = Wat er is gebeurd
data-proof = Hoe we dat weten
data-channel = Kwam binnen via
data-mail = E-mail aan jou
data-mail-none = Er is niets vastgelegd.
data-mail-more = Oudere mail staat in de kopie die je kunt meenemen.
data-mail-service = servicemail
data-mail-sent = verstuurd
data-mail-stopped = niet verstuurd
data-mail-waits = wacht
data-requests = Wat je hebt gevraagd
data-request-access = een kopie van je gegevens
data-request-rectification = een ander adres
data-request-erasure = wissen
data-request-restriction = hoe je gegevens mogen worden gebruikt
data-request-objection = geen reclame
data-request-open = in behandeling
data-request-done = gedaan
data-request-refused = afgewezen, zoals je is verteld
data-take-heading = Neem het mee
data-take-lead = Alles in één bestand, voor jou en voor andere programma’s.
data-take-button = Mijn gegevens downloaden
data-correct-heading = Een ander adres
data-correct-label = Je nieuwe e-mailadres. We mailen er een link naartoe; de wijziging gaat in als je daar klikt.
data-correct-button = Mail een link naar het nieuwe adres
data-no-address-title = Dat is geen e-mailadres
data-no-address-body = Ga terug en kijk er nog eens naar. Er is niets veranderd.
data-address-asked-title = Kijk in de nieuwe mailbox
data-address-asked-body = We hebben een link naar het nieuwe adres gestuurd, tenzij het er vandaag al een kreeg. Tot je daar op de link drukt, blijft alles zoals het is.
data-address-title = Is dit je adres?
data-address-body = { $sender } gebruikt het voortaan in plaats van het adres dat er nu staat. Wat je eerder koos, blijft gelden.
data-address-button = Ja, gebruik dit adres
data-address-changed-title = Je adres is gewijzigd
data-address-changed-body = { $sender } gebruikt nu dit adres. Naar het oude gaat geen reclame meer.
data-address-taken-title = Dit kan hier niet worden gewijzigd
data-address-taken-body = { $sender } bewaart al iets onder dit adres. Neem contact op met { $sender }. Er is niets veranderd.
data-restrict-heading = Gebruik van je gegevens
data-restrict-lead = Je gegevens blijven, maar er wordt geen reclame mee verstuurd tot je anders beslist.
data-restrict-button = Gebruik van mijn gegevens beperken
data-restricted-title = Je gegevens zijn beperkt
data-restricted-body = { $sender } bewaart ze, maar stuurt er geen reclame mee. Je kunt dat op dezelfde plek beëindigen.
data-lift-lead = Je hebt het gebruik van je gegevens beperkt.
data-lift-button = Beperking opheffen
data-lifted-title = De beperking is opgeheven
data-lifted-body = Waar je eerder mee instemde, geldt weer.
data-restricted-by-us = Het gebruik van je gegevens is beperkt. Neem contact op met { $sender } om dat te laten beëindigen.
data-object-heading = Geen reclame
data-object-button = Ik maak bezwaar tegen reclame
data-objected-title = Geen reclame meer
data-objected-body = { $sender } stuurt je geen reclame meer per e-mail.
data-profiling-heading = Niets voor mij uitgekozen
data-profiling-lead = Je krijgt dan alleen wat { $sender } aan iedereen hetzelfde stuurt.
data-profiling-button = Ik maak bezwaar tegen profilering
data-unprofiled-title = Er wordt niets meer voor je uitgekozen
data-unprofiled-body = { $sender } kiest niet langer wat je krijgt op basis van wat over je bekend is.
data-erase-heading = Wissen
data-erase-lead = Alles wat { $sender } hier over je bewaart, wordt gewist en komt niet terug.
data-erase-button = Mijn gegevens wissen
data-sure-title = Alles wissen?
data-sure-body = { $sender } weet daarna niets meer over je en stuurt je geen reclame, tenzij je je opnieuw aanmeldt. Er is nog niets veranderd.
data-sure-button = Ja, wis alles
data-erased-title = Alles is gewist
data-erased-body = Er wordt hier niets meer over je bewaard.
data-fact-signup = Je meldde je aan voor: { $interests }. Daarmee nog niet bevestigd.
data-fact-signup-all = Je meldde je aan. Daarmee nog niet bevestigd.
data-fact-asked = We mailden je om te vragen of je dit wilt: { $interests }.
data-fact-asked-all = We mailden je om je bevestiging te vragen.
data-fact-confirmed = Je zei hier ja tegen en bevestigde het per e-mail: { $interests }.
data-fact-yes = Je zei ja tegen: { $interests }.
data-fact-yes-all = Je zei ja.
data-fact-unconfirmed = Je adres kwam van een andere lijst, zonder bewijs dat je instemde: { $interests }.
data-fact-unconfirmed-all = Je adres kwam van een andere lijst, zonder bewijs dat je instemde.
data-fact-bought-told = Je kocht iets ({ $interests }) en hoorde dat we je over iets soortgelijks mogen schrijven.
data-fact-bought = Je kocht iets ({ $interests }).
data-fact-inquired-told = Je vroeg naar iets ({ $interests }) en hoorde dat we je over iets soortgelijks mogen schrijven.
data-fact-inquired = Je vroeg naar iets ({ $interests }).
data-fact-no = Je zei nee tegen: { $interests }.
data-fact-no-all = Je zei nee tegen alle reclame.
data-fact-complaint = Je meldde onze mail als ongewenst. Dat geldt als een nee.
data-fact-undone = Je nam een nee terug.
data-fact-tracking-yes = Je vond het goed dat we zien dat je onze mail leest.
data-fact-tracking-no = Je vond het niet goed dat we zien dat je onze mail leest.
data-fact-bounced = Mail naar je adres kwam terug, dus zijn we gestopt.
data-fact-blocked = { $sender } heeft je adres geblokkeerd.
data-fact-unblocked = Je adres is niet meer geblokkeerd.
data-fact-address = Sindsdien heb je een ander adres.
data-fact-restricted = Het gebruik van je gegevens werd beperkt.
data-fact-lifted = De beperking werd opgeheven.
data-fact-erased = Je gegevens werden gewist.
data-fact-often = Je koos hoe vaak reclame komt: { $choice }.
data-fact-paused = Je vroeg om een pauze zonder reclame tot { $date }.
data-fact-pause-ended = Je hebt je pauze zonder reclame beëindigd.
data-fact-profiling-no = Je maakte bezwaar tegen mail die wordt gekozen op basis van wat over je bekend is.
data-fact-profiling-yes = Je stond mail toe die wordt gekozen op basis van wat over je bekend is.
data-fact-place = Je koos je taal of tijdzone.

## Below a marketing message. Short, and said as one would say it to a customer.
## $sender: the brand’s name.

footer-sender = Deze e-mail kreeg je van { $sender }.
footer-unsubscribe = Uitschrijven
footer-unsubscribe-invite = Liever geen e-mail meer van ons? Je kunt je op elk moment uitschrijven:
footer-preferences = Kies waarover je wilt horen
footer-preferences-invite = Interesse in iets anders? Kies waarover je wilt horen:
footer-advertising = Deze e-mail is reclame.
footer-privacy = Privacyverklaring:

## Mail that the gateway writes itself in a sender’s name, and the page for a new link. Nothing in it sells anything.
## $sender: the brand’s name. $host: the website of the sign-up form. $days: a number from 2 on.

mail-privacy = Privacyverklaring

mail-confirm-subject = Bevestig je aanmelding: e-mail van { $sender }
mail-confirm-lead = Iemand, waarschijnlijk jij, heeft zich bij { $sender } aangemeld voor e-mail over:
mail-confirm-lead-host = Iemand, waarschijnlijk jij, heeft zich bij { $sender } op { $host } aangemeld voor e-mail over:
mail-confirm-form = Op het formulier stond:
mail-confirm-button = Mijn aanmelding bevestigen
mail-confirm-days = De link werkt { $days } dagen.
mail-confirm-nothing = Was jij het niet, dan hoef je niets te doen: zolang je niet bevestigt, krijg je hier geen e-mail over.

confirm-over-body = Zo’n link werkt maar een paar dagen. Er is niets bevestigd. Wil je deze e-mails nog steeds?
confirm-over-button = Stuur me een nieuwe link
confirm-asked-title = We hebben het ontvangen
confirm-asked-body = Als we het je nog mogen vragen, is er een nieuwe link naar je onderweg. Er verandert niets tot je erop drukt. Komt er geen link, probeer het dan morgen opnieuw.
saved-asked = Je hebt om ‘{ $interest }’ gevraagd. Als we het je mogen vragen, hebben we je een link gemaild: er verandert niets tot je erop drukt.
