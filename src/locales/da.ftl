## The pages behind the links of a mail.
## $sender: the brand’s name. $interest: the title of an interest. $address: a redacted address.

about-address = Det her gælder { $address }.
service-note = Kvitteringer og andre beskeder, som du har brug for, kommer stadig.

ask-title = Afmeld
ask-heading = Afmeld e-mails fra { $sender }?
ask-lead = Der er ikke ændret noget endnu. Hvad vil du gerne slippe for?
ask-leave-scope = Ingen e-mails om »{ $interest }«
ask-leave-list = Ikke flere af disse e-mails
ask-leave-all = Ingen reklame overhovedet fra { $sender }
ask-choose = Vælg i stedet, hvad du vil høre om

done-title = Du er afmeldt
done-scope = { $sender } sender dig ikke flere e-mails om »{ $interest }«.
done-list = { $sender } sender dig ikke flere af disse e-mails.
done-all = { $sender } sender dig ikke mere reklame på e-mail.
done-note = Dit valg er gemt og gælder fra nu af.

undo-lead = Kom du til at trykke ved en fejl? Du kan fortryde inden for 24 timer.
undo-button = Fortryd
undone-title = Velkommen tilbage
undone-body = Vi har annulleret din afmelding. Det, du sagde ja til før, gælder igen.
undo-late-title = Det kan ikke fortrydes her
undo-late-body = De 24 timer er gået, eller det er allerede fortrudt. Der er ikke ændret noget. Du er velkommen til at tilmelde dig igen hos { $sender }.

choose-title = Dine valg for e-mail
choose-heading = Hvad vil du gerne høre om fra { $sender }?
choose-legend = Interesser
choose-lead = Sæt flueben ved det, du vil have, og fjern resten. En interesse omfatter alt det, der står under den.
choose-save = Gem mine valg
choose-empty = Der er ikke noget at vælge her i øjeblikket.
tracking-legend = Læsevaner
tracking-label = { $sender } må se, om og hvornår jeg åbner e-mails, og hvilke links jeg trykker på.
tracking-note = Det er slået fra, medmindre du slår det til. Du får de samme e-mails uanset hvad: uden dit ja fjerner vi de usynlige billeder og de dele af links, der ville afsløre det.
none-heading = Vil du helst slet ikke have noget?
none-button = Ingen reklame overhovedet

saved = Dine valg er gemt.
saved-covered = »{ $interest }« er også slået fra, fordi det hører under en interesse, som du har slået fra.
saved-not-on = »{ $interest }« kan ikke slås til her endnu. Tilmeld dig det hos { $sender }.

confirm-title = Bekræft venligst
confirm-heading = Vil du have e-mails fra { $sender }?
confirm-lead = Nogen, sandsynligvis dig, har tilmeldt sig hos { $sender } for at få e-mails om:
confirm-button = Ja, send det til mig
confirm-nothing = Hvis det ikke var dig, behøver du ikke gøre noget: medmindre du trykker på knappen, bliver der ikke sendt noget.
confirm-freely = Du kan altid ombestemme dig. Der er et link til det i hver af disse e-mails.
confirmed-title = Tak, det er bekræftet
confirmed-lead = Du har sagt ja til, at { $sender } sender dig e-mails om:
confirm-again-title = Det er allerede bekræftet
confirm-again-body = Linket er blevet brugt før. Der er ikke ændret noget nu.
confirm-withdrawn-title = Der blev ikke bekræftet noget
confirm-withdrawn-body = Du har afmeldt dig, siden linket blev sendt til dig, og det gælder. Vil du alligevel gerne høre fra { $sender }, så tilmeld dig der igen.
confirm-ended-title = Linket er udløbet
confirm-ended-body = Sådan et link virker kun i nogle dage. Der blev ikke bekræftet noget. Tilmeld dig igen hos { $sender } for at få et nyt.

missing-title = Siden blev ikke fundet
missing-body = Linket virker ikke. Tjek, at du har fået hele linket med fra e-mailen.

nothing-title = Der er ikke gemt noget om dig
nothing-body = Der er ikke mere at ændre her. Du behøver ikke gøre noget.

later-title = Prøv igen
later-body = Vi kan ikke få fat i vores data lige nu, så vi kan ikke sige, om dit valg er gemt. Prøv igen om et par minutter.
many-title = For mange forespørgsler
many-body = Der er kommet mange forespørgsler fra dit netværk på kort tid. Vent et minut, og prøv igen. Der er ikke ændret noget.

unread-title = Det gik ikke igennem
unread-body = Vi kunne ikke læse det, der blev sendt, så der er ikke ændret noget. Gå tilbage, og prøv igen.

## How marketing comes, and why it may come at all.
## $sender: the brand’s name. $date: 2026-05-03. $interest: the title of an interest. $address: the sender’s own.

choices-language-name = Dansk
less-lead = Eller vil du hellere have færre?
less-weekly = Højst en gang om ugen
less-pause-30 = Pause i 30 dage
less-pause-90 = Pause i 90 dage
chosen-title = Dit valg er gemt
chosen-weekly = Fra nu af sender { $sender } dig højst reklame en gang om ugen.
chosen-paused = { $sender } sender dig ingen reklame før { $date }. Derefter kan den komme igen.
chosen-undo-lead = Har du ombestemt dig?
chosen-undo = Fortryd valget
chosen-undone-title = Valget er fortrudt
chosen-undone-body = Det, du havde valgt før, gælder igen.
chosen-late-title = Det kan ikke fortrydes her
chosen-late-body = Du har valgt noget andet siden, eller det er allerede fortrudt. Der er ikke ændret noget nu.
often-legend = Hvor ofte
often-as-sent = Så ofte, der er noget at fortælle
often-weekly = Højst en gang om ugen
often-monthly = Højst en gang om måneden
pause-legend = Hold en pause
pause-none = Ingen pause
pause-keep = På pause indtil { $date }
pause-end = Afslut pausen nu
pause-30 = En pause på 30 dage fra i dag
pause-90 = En pause på 90 dage fra i dag
place-legend = Sprog og tid
place-language = Sprog
place-zone = Tidszone
place-zone-none = Ikke valgt
profiling-legend = Udvalgt til dig
profiling-label = { $sender } må vælge, hvad jeg får tilsendt, ud fra det, der vides om mig.
profiling-note = Uden det får du kun det, som { $sender } sender ens til alle.
saved-unread = Et af dine valg kunne ikke læses og er uændret.
why-heading = Derfor får du denne e-mail
why-double-opt-in = Den { $date } bekræftede du, at du vil have e-mails om »{ $interest }«.
why-single-opt-in = Den { $date } sagde du, at du vil have e-mails om »{ $interest }«.
why-purchase = Den { $date } købte du noget (»{ $interest }«).
why-inquiry = Den { $date } spurgte du om noget (»{ $interest }«).
why-negotiation = Den { $date } talte du om at købe noget (»{ $interest }«).
why-noticed = Du fik dengang at vide, at { $sender } må skrive til dig om lignende ting.
why-no-objection = Hvor du er, må { $sender } skrive til dig, så længe du ikke siger nej.
why-none = Lige nu er der intet, der giver { $sender } lov til at sende dig reklame.
source-import = Din adresse kom med en liste, som { $sender } indlæste den { $date }.
source-told = { $sender } gav din adresse videre til denne mailtjeneste den { $date }.
controller = { $sender } bestemmer, hvad dine data bruges til.
controller-address = Adresse: { $address }
privacy-link = Sådan behandler { $sender } dine data
processor-note = Denne mailtjeneste arbejder for { $sender } og bruger ikke dine data til andet.
functional-heading = Det får du under alle omstændigheder
functional-note = Kvitteringer, svar på dine spørgsmål og sikkerhedsbeskeder, for eksempel tilbagekaldelser, kommer uanset hvad du vælger her. De er ikke reklame.

## What people read about their own data: on the pages behind a fresh link, and in the letters that bring it.
## $sender: the brand’s name. $interests: titles of interests. $minutes: how long a link works, a number. $choice: how often.
## $date: 2026-05-03 13:00.

data-ask-heading = Hvad vi ved om dig
data-ask-lead = Vi sender dig et link til alt, hvad der er gemt om dig. Der kan du også rette det, tage det med dig eller få det slettet.
data-ask-button = Send mig linket
data-asked-title = Kig i din indbakke
data-asked-body = Hvis { $sender } kender den adresse, det drejer sig om, har vi sendt et link til den. Kommer der ikke noget, så vent et par minutter, og bed om det igen: vi sender højst et hvert femte minut og fem om dagen.
data-mail-subject = Dine data hos { $sender }
data-mail-lead = Du har spurgt { $sender }, hvad der er gemt om dig. Dette link åbner det: du kan se det, rette det, tage det med dig eller få det slettet.
data-mail-button = Se mine data
data-mail-life = { $minutes ->
    [one] Linket virker i { $minutes } minut. Giv det ikke videre.
   *[other] Linket virker i { $minutes } minutter. Giv det ikke videre.
}
data-mail-nothing = Hvis det ikke var dig, behøver du ikke gøre noget: uden dette link kan ingen se dine data.
data-address-mail-subject = Er det din adresse? { $sender }
data-address-mail-lead = Nogen, sandsynligvis dig, vil have { $sender } til at bruge denne adresse fra nu af. Er den din, så bekræft det.
data-address-mail-button = Brug denne adresse
data-address-mail-nothing = Hvis det ikke var dig, behøver du ikke gøre noget: der ændres ikke noget.
data-ended-title = Linket er udløbet
data-ended-body = Et link til dine data virker kun kort tid. Vi kan sende dig et nyt.
data-ended-button = Send mig et nyt link
data-title = Dine data
data-heading = Hvad { $sender } gemmer om dig
data-facts = Hvad der er sket
data-proof = Hvordan vi ved det
data-channel = Kom ind via
data-mail = E-mails til dig
data-mail-none = Der er ikke registreret nogen.
data-mail-more = Ældre e-mails er i den kopi, du kan tage med dig.
data-mail-service = servicebesked
data-mail-sent = sendt
data-mail-stopped = ikke sendt
data-mail-waits = venter
data-requests = Hvad du har bedt om
data-request-access = en kopi af dine data
data-request-rectification = en anden adresse
data-request-erasure = sletning
data-request-restriction = hvordan dine data må bruges
data-request-objection = ingen reklame
data-request-open = behandles
data-request-done = udført
data-request-refused = afvist, som du fik besked om
data-take-heading = Tag det med dig
data-take-lead = Alt i én fil, til dig og til andre programmer.
data-take-button = Hent mine data
data-correct-heading = En anden adresse
data-correct-label = Din nye e-mailadresse. Vi sender et link til den; ændringen sker, når du trykker på det der.
data-correct-button = Send et link til den nye adresse
data-no-address-title = Det er ikke en e-mailadresse
data-no-address-body = Gå tilbage, og kig på den igen. Der er ikke ændret noget.
data-address-asked-title = Kig i den nye indbakke
data-address-asked-body = Vi har sendt et link til den nye adresse, medmindre den allerede har fået et i dag. Indtil du trykker på det der, forbliver alt, som det er.
data-address-title = Er det din adresse?
data-address-body = { $sender } bruger den fra nu af i stedet for den nuværende. Det, du har valgt før, gælder stadig.
data-address-button = Ja, brug denne adresse
data-address-changed-title = Din adresse er ændret
data-address-changed-body = { $sender } bruger denne adresse nu. Der sendes ikke mere reklame til den gamle.
data-address-taken-title = Det kan ikke ændres her
data-address-taken-body = { $sender } har allerede gemt noget under denne adresse. Skriv til { $sender }. Der er ikke ændret noget.
data-restrict-heading = Brug af dine data
data-restrict-lead = Dine data bliver liggende, men der sendes ikke reklame ud fra dem, før du siger til.
data-restrict-button = Begræns brugen af mine data
data-restricted-title = Brugen af dine data er begrænset
data-restricted-body = { $sender } beholder dem og sender ikke reklame ud fra dem. Du kan ophæve det samme sted.
data-lift-lead = Du har begrænset brugen af dine data.
data-lift-button = Ophæv begrænsningen
data-lifted-title = Begrænsningen er ophævet
data-lifted-body = Det, du sagde ja til før, gælder igen.
data-restricted-by-us = Brugen af dine data er begrænset. Skriv til { $sender } for at få det ophævet.
data-object-heading = Ingen reklame
data-object-button = Jeg gør indsigelse mod reklame
data-objected-title = Ikke mere reklame
data-objected-body = { $sender } sender dig ikke mere reklame på e-mail.
data-profiling-heading = Intet udvalgt til mig
data-profiling-lead = Så får du kun det, som { $sender } sender ens til alle.
data-profiling-button = Jeg gør indsigelse mod profilering
data-unprofiled-title = Der udvælges ikke længere noget til dig
data-unprofiled-body = { $sender } vælger ikke længere, hvad du får tilsendt, ud fra det, der vides om dig.
data-erase-heading = Slet
data-erase-lead = Alt, hvad { $sender } gemmer om dig her, bliver slettet og kan ikke hentes tilbage.
data-erase-button = Slet mine data
data-sure-title = Slet alt?
data-sure-body = { $sender } ved derefter ikke mere om dig og sender dig ikke reklame, medmindre du tilmelder dig på ny. Der er ikke ændret noget endnu.
data-sure-button = Ja, slet alt
data-erased-title = Alt er slettet
data-erased-body = Der er ikke længere gemt noget om dig her.
data-fact-signup = Du tilmeldte dig: { $interests }. Det er ikke bekræftet alene ved det.
data-fact-signup-all = Du tilmeldte dig. Det er ikke bekræftet alene ved det.
data-fact-asked = Vi skrev til dig for at spørge, om du vil have: { $interests }.
data-fact-asked-all = Vi skrev til dig for at bede om din bekræftelse.
data-fact-confirmed = Du sagde ja til dette og bekræftede det på e-mail: { $interests }.
data-fact-yes = Du sagde ja til: { $interests }.
data-fact-yes-all = Du sagde ja.
data-fact-unconfirmed = Din adresse kom fra en anden liste uden bevis for, at du sagde ja: { $interests }.
data-fact-unconfirmed-all = Din adresse kom fra en anden liste uden bevis for, at du sagde ja.
data-fact-bought-told = Du købte noget ({ $interests }) og fik at vide, at vi må skrive til dig om lignende ting.
data-fact-bought = Du købte noget ({ $interests }).
data-fact-inquired-told = Du spurgte om noget ({ $interests }) og fik at vide, at vi må skrive til dig om lignende ting.
data-fact-inquired = Du spurgte om noget ({ $interests }).
data-fact-no = Du sagde nej til: { $interests }.
data-fact-no-all = Du sagde nej til al reklame.
data-fact-complaint = Du meldte vores e-mail som uønsket. Det tæller som et nej.
data-fact-undone = Du tog et nej tilbage.
data-fact-tracking-yes = Du sagde ja til, at vi ser, om du læser vores e-mails.
data-fact-tracking-no = Du sagde nej til, at vi ser, om du læser vores e-mails.
data-fact-bounced = En e-mail til din adresse kom retur, så vi stoppede.
data-fact-blocked = { $sender } har spærret din adresse.
data-fact-unblocked = Din adresse er ikke længere spærret.
data-fact-address = Du har fået en anden adresse siden.
data-fact-restricted = Brugen af dine data blev begrænset.
data-fact-lifted = Begrænsningen blev ophævet.
data-fact-erased = Dine data blev slettet.
data-fact-often = Du valgte, hvor ofte der kommer reklame: { $choice }.
data-fact-paused = Du bad om en pause fra reklame indtil { $date }.
data-fact-pause-ended = Du afsluttede din pause fra reklame.
data-fact-profiling-no = Du gjorde indsigelse mod e-mails, der vælges ud fra det, der vides om dig.
data-fact-profiling-yes = Du tillod e-mails, der vælges ud fra det, der vides om dig.
data-fact-place = Du valgte sprog eller tidszone.

## Below a marketing message. Short, and said as one would say it to a customer.
## $sender: the brand’s name.

footer-sender = { $sender } har sendt dig denne e-mail.
footer-unsubscribe = Afmeld
footer-unsubscribe-invite = Vil du helst ikke høre fra os? Du kan afmelde dig når som helst:
footer-preferences = Vælg, hvad du vil høre om
footer-preferences-invite = Interesseret i noget andet? Vælg, hvad du vil høre om:
footer-advertising = Denne e-mail er reklame.
footer-privacy = Privatlivspolitik:

## Mail that the gateway writes itself in a sender’s name, and the page for a new link. Nothing in it sells anything.
## $sender: the brand’s name. $host: the website of the sign-up form. $days: a number from 2 on.

mail-privacy = Privatlivspolitik

mail-confirm-subject = Bekræft venligst: e-mails fra { $sender }
mail-confirm-lead = Nogen, sandsynligvis dig, har tilmeldt sig hos { $sender } for at få e-mails om:
mail-confirm-lead-host = Nogen, sandsynligvis dig, har tilmeldt sig hos { $sender } på { $host } for at få e-mails om:
mail-confirm-form = På formularen stod der:
mail-confirm-button = Bekræft min tilmelding
mail-confirm-days = Linket virker i { $days } dage.
mail-confirm-nothing = Hvis det ikke var dig, behøver du ikke gøre noget: medmindre du bekræfter, får du ingen af disse e-mails.

confirm-over-body = Sådan et link virker kun i nogle dage. Der blev ikke bekræftet noget. Vil du stadig gerne have disse e-mails?
confirm-over-button = Send mig et nyt link
confirm-asked-title = Vi har noteret det
confirm-asked-body = Hvis vi stadig må spørge dig, er et nyt link på vej. Der ændres ikke noget, før du trykker på det. Kommer der ikke noget, så prøv igen i morgen.
saved-asked = Du har bedt om »{ $interest }«. Hvis vi må spørge dig, har vi sendt dig et link: der ændres ikke noget, før du trykker på det.
