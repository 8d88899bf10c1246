## The pages behind the links of a mail.
## $sender: the brand’s name. $interest: the title of an interest. $address: a redacted address.

about-address = Dette gjelder { $address }.
service-note = Kvitteringer og andre meldinger du trenger, kommer fortsatt.

ask-title = Meld deg av
ask-heading = Vil du melde deg av e-post fra { $sender }?
ask-lead = Ingenting er endret ennå. Hva vil du slippe?
ask-leave-scope = Ikke mer e-post om «{ $interest }»
ask-leave-list = Ikke flere slike e-poster
ask-leave-all = Ingen reklame i det hele tatt fra { $sender }
ask-choose = Velg heller hva du vil høre om

done-title = Du er meldt av
done-scope = { $sender } sender deg ikke mer e-post om «{ $interest }».
done-list = { $sender } sender deg ikke flere slike e-poster.
done-all = { $sender } sender deg ikke mer reklame på e-post.
done-note = Valget ditt er lagret og gjelder fra nå av.

undo-lead = Trykket du ved en feil? Du kan angre innen 24 timer.
undo-button = Angre
undone-title = Velkommen tilbake
undone-body = Vi har trukket tilbake avmeldingen. Det du sa ja til før, gjelder igjen.
undo-late-title = Dette kan ikke angres her
undo-late-body = De 24 timene er over, eller det er alt angret. Ingenting er endret. Du er velkommen til å melde deg på igjen hos { $sender }.

choose-title = Dine valg for e-post
choose-heading = Hva vil du høre om fra { $sender }?
choose-legend = Interesser
choose-lead = Kryss av for det du vil ha, og fjern krysset for resten. En interesse omfatter alt som står under den.
choose-save = Lagre valgene mine
choose-empty = Det er ikke noe å velge her akkurat nå.
tracking-legend = Lesevaner
tracking-label = { $sender } kan se om og når jeg åpner e-postene, og hvilke lenker jeg trykker på.
tracking-note = Dette er av med mindre du slår det på. Du får de samme e-postene uansett: uten ditt ja fjerner vi de usynlige bildene og de delene av lenkene som ville røpet det.
none-heading = Vil du helst ikke ha noe?
none-button = Ingen reklame i det hele tatt

saved = Valgene dine er lagret.
saved-covered = «{ $interest }» er også slått av, fordi det hører til en interesse du har slått av.
saved-not-on = «{ $interest }» kan ikke slås på her ennå. Meld deg på hos { $sender }.

confirm-title = Bekreft
confirm-heading = Vil du ha e-post fra { $sender }?
confirm-lead = Noen, trolig du, har meldt seg på hos { $sender } for å få e-post om:
confirm-button = Ja, send det til meg
confirm-nothing = Hvis det ikke var deg, trenger du ikke gjøre noe: med mindre du trykker på knappen, blir ingenting sendt.
confirm-freely = Du kan ombestemme deg når som helst. Det er en lenke til det i hver slik e-post.
confirmed-title = Takk, det er bekreftet
confirmed-lead = Du har sagt ja til at { $sender } sender deg e-post om:
confirm-again-title = Det er alt bekreftet
confirm-again-body = Lenken er brukt før. Ingenting er endret nå.
confirm-withdrawn-title = Ingenting ble bekreftet
confirm-withdrawn-body = Du har meldt deg av etter at lenken ble sendt til deg, og det gjelder. Vil du likevel høre fra { $sender }, kan du melde deg på der igjen.
confirm-ended-title = Lenken er utløpt
confirm-ended-body = En slik lenke virker bare noen dager. Ingenting ble bekreftet. Meld deg på igjen hos { $sender } for å få en ny.

missing-title = Fant ikke siden
missing-body = Lenken virker ikke. Sjekk at du har fått med hele lenken fra e-posten.

nothing-title = Ingenting er lagret om deg
nothing-body = Det er ikke mer å endre her. Du trenger ikke gjøre noe.

later-title = Prøv igjen
later-body = Vi får ikke tak i opplysningene våre akkurat nå, så vi kan ikke si om valget ditt er lagret. Prøv igjen om noen minutter.
many-title = For mange forespørsler
many-body = Det har kommet mange forespørsler fra nettverket ditt på kort tid. Vent et minutt og prøv igjen. Ingenting er endret.

unread-title = Det kom ikke fram
unread-body = Vi kunne ikke lese det som ble sendt, så ingenting er endret. Gå tilbake og prøv igjen.

## How marketing comes, and why it may come at all.
## $sender: the brand’s name. $date: 2026-05-03. $interest: the title of an interest. $address: the sender’s own.

choices-language-name = Norsk bokmål
less-lead = Eller vil du heller ha mindre?
less-weekly = Høyst én gang i uken
less-pause-30 = Pause i 30 dager
less-pause-90 = Pause i 90 dager
chosen-title = Valget ditt er lagret
chosen-weekly = Fra nå av sender { $sender } deg reklame høyst én gang i uken.
chosen-paused = { $sender } sender deg ingen reklame før { $date }. Etter det kan den komme igjen.
chosen-undo-lead = Har du ombestemt deg?
chosen-undo = Angre valget
chosen-undone-title = Valget er angret
chosen-undone-body = Det du hadde valgt før, gjelder igjen.
chosen-late-title = Dette kan ikke angres her
chosen-late-body = Du har valgt noe annet siden, eller det er alt angret. Ingenting er endret nå.
often-legend = Hvor ofte
often-as-sent = Så ofte det er noe å fortelle
often-weekly = Høyst én gang i uken
often-monthly = Høyst én gang i måneden
pause-legend = Ta en pause
pause-none = Ingen pause
pause-keep = På pause til { $date }
pause-end = Avslutt pausen nå
pause-30 = En pause på 30 dager fra i dag
pause-90 = En pause på 90 dager fra i dag
place-legend = Språk og tid
place-language = Språk
place-zone = Tidssone
place-zone-none = Ikke valgt
profiling-legend = Valgt ut for deg
profiling-label = { $sender } kan velge hva jeg får tilsendt, ut fra det som er kjent om meg.
profiling-note = Uten dette får du bare det som { $sender } sender likt til alle.
saved-unread = Et av valgene dine kunne ikke leses og er uendret.
why-heading = Hvorfor du får denne e-posten
why-double-opt-in = { $date } bekreftet du at du vil ha e-post om «{ $interest }».
why-single-opt-in = { $date } sa du at du vil ha e-post om «{ $interest }».
why-purchase = { $date } kjøpte du noe («{ $interest }»).
why-inquiry = { $date } spurte du om noe («{ $interest }»).
why-negotiation = { $date } snakket du om å kjøpe noe («{ $interest }»).
why-noticed = Du fikk da vite at { $sender } kan skrive til deg om lignende ting.
why-no-objection = Der du er, kan { $sender } skrive til deg så lenge du ikke sier nei.
why-none = Akkurat nå er det ingenting som gir { $sender } lov til å sende deg reklame.
source-import = Adressen din kom med en liste som { $sender } leste inn { $date }.
source-told = { $sender } ga adressen din videre til denne e-posttjenesten { $date }.
controller = { $sender } bestemmer hva opplysningene dine brukes til.
controller-address = Adresse: { $address }
privacy-link = Slik behandler { $sender } opplysningene dine
processor-note = Denne e-posttjenesten arbeider for { $sender } og bruker ikke opplysningene dine til noe annet.
functional-heading = Dette får du uansett
functional-note = Kvitteringer, svar på spørsmålene dine og sikkerhetsmeldinger, for eksempel tilbakekallinger, kommer uansett hva du velger her. De er ikke reklame.

## What people read about their own data: on the pages behind a fresh link, and in the letters that bring it.
## $sender: the brand’s name. $interests: titles of interests. $minutes: how long a link works, a number. $choice: how often.
## $date: 2026-05-03 13:00.

data-ask-heading = Hva vi vet om deg
data-ask-lead = Vi sender deg en lenke til alt som er lagret om deg. Der kan du også rette det, ta det med deg eller få det slettet.
data-ask-button = Send meg lenken
data-asked-title = Se i innboksen din
data-asked-body = Hvis { $sender } kjenner adressen det gjelder, har vi sendt en lenke til den. Kommer det ingenting, vent noen minutter og be om den igjen: vi sender høyst én hvert femte minutt og fem om dagen.
data-mail-subject = Opplysningene dine hos { $sender }
data-mail-lead = Du har spurt { $sender } om hva som er lagret om deg. Denne lenken åpner det: du kan se det, rette det, ta det med deg eller få det slettet.
data-mail-button = Se opplysningene mine
data-mail-life = { $minutes ->
    [one] Lenken virker i { $minutes } minutt. Ikke gi den videre.
   *[other] Lenken virker i { $minutes } minutter. Ikke gi den videre.
}
data-mail-nothing = Hvis det ikke var deg, trenger du ikke gjøre noe: uten denne lenken ser ingen opplysningene dine.
data-address-mail-subject = Er dette adressen din? { $sender }
data-address-mail-lead = Noen, trolig du, vil at { $sender } skal bruke denne adressen fra nå av. Er den din, bekreft det.
data-address-mail-button = Bruk denne adressen
data-address-mail-nothing = Hvis det ikke var deg, trenger du ikke gjøre noe: ingenting endres.
data-ended-title = Lenken er utløpt
data-ended-body = En lenke til opplysningene dine virker bare en kort stund. Vi kan sende deg en ny.
data-ended-button = Send meg en ny lenke
data-title = Opplysningene dine
data-heading = Hva { $sender } lagrer om deg
data-facts = Hva som har skjedd
data-proof = Hvordan vi vet det
data-channel = Kom inn via
data-mail = E-post til deg
data-mail-none = Ingen er registrert.
data-mail-more = Eldre e-post er i kopien du kan ta med deg.
data-mail-service = servicemelding
data-mail-sent = sendt
data-mail-stopped = ikke sendt
data-mail-waits = venter
data-requests = Hva du har bedt om
data-request-access = en kopi av opplysningene dine
data-request-rectification = en annen adresse
data-request-erasure = sletting
data-request-restriction = hvordan opplysningene dine kan brukes
data-request-objection = ingen reklame
data-request-open = under behandling
data-request-done = utført
data-request-refused = avslått, som du fikk beskjed om
data-take-heading = Ta det med deg
data-take-lead = Alt i én fil, til deg og til andre programmer.
data-take-button = Last ned opplysningene mine
data-correct-heading = En annen adresse
data-correct-label = Den nye e-postadressen din. Vi sender en lenke til den; endringen skjer når du trykker på den der.
data-correct-button = Send en lenke til den nye adressen
data-no-address-title = Det er ikke en e-postadresse
data-no-address-body = Gå tilbake og se på den igjen. Ingenting er endret.
data-address-asked-title = Se i den nye innboksen
data-address-asked-body = Vi har sendt en lenke til den nye adressen, med mindre den alt har fått en i dag. Til du trykker på den der, blir alt som det er.
data-address-title = Er dette adressen din?
data-address-body = { $sender } bruker den fra nå av i stedet for den nåværende. Det du valgte før, gjelder fortsatt.
data-address-button = Ja, bruk denne adressen
data-address-changed-title = Adressen din er endret
data-address-changed-body = { $sender } bruker denne adressen nå. Det sendes ikke mer reklame til den gamle.
data-address-taken-title = Dette kan ikke endres her
data-address-taken-body = { $sender } har alt lagret noe under denne adressen. Skriv til { $sender }. Ingenting er endret.
data-restrict-heading = Bruk av opplysningene dine
data-restrict-lead = Opplysningene dine blir liggende, men det sendes ikke reklame ut fra dem før du sier noe annet.
data-restrict-button = Begrens bruken av opplysningene mine
data-restricted-title = Bruken av opplysningene dine er begrenset
data-restricted-body = { $sender } beholder dem og sender ikke reklame ut fra dem. Du kan oppheve det samme sted.
data-lift-lead = Du har begrenset bruken av opplysningene dine.
data-lift-button = Opphev begrensningen
data-lifted-title = Begrensningen er opphevet
data-lifted-body = Det du sa ja til før, gjelder igjen.
data-restricted-by-us = Bruken av opplysningene dine er begrenset. Skriv til { $sender } for å få det opphevet.
data-object-heading = Ingen reklame
data-object-button = Jeg motsetter meg reklame
data-objected-title = Ikke mer reklame
data-objected-body = { $sender } sender deg ikke mer reklame på e-post.
data-profiling-heading = Ingenting valgt ut for meg
data-profiling-lead = Da får du bare det som { $sender } sender likt til alle.
data-profiling-button = Jeg motsetter meg profilering
data-unprofiled-title = Ingenting velges lenger ut for deg
data-unprofiled-body = { $sender } velger ikke lenger hva du får tilsendt, ut fra det som er kjent om deg.
data-erase-heading = Slett
data-erase-lead = Alt { $sender } lagrer om deg her, blir slettet og kan ikke hentes tilbake.
data-erase-button = Slett opplysningene mine
data-sure-title = Vil du slette alt?
data-sure-body = { $sender } vet deretter ikke mer om deg og sender deg ikke reklame, med mindre du melder deg på igjen. Ingenting er endret ennå.
data-sure-button = Ja, slett alt
data-erased-title = Alt er slettet
data-erased-body = Ingenting er lenger lagret om deg her.
data-fact-signup = Du meldte deg på: { $interests }. Det er ikke bekreftet bare med det.
data-fact-signup-all = Du meldte deg på. Det er ikke bekreftet bare med det.
data-fact-asked = Vi skrev til deg for å spørre om du vil ha: { $interests }.
data-fact-asked-all = Vi skrev til deg for å be om en bekreftelse.
data-fact-confirmed = Du sa ja til dette og bekreftet det på e-post: { $interests }.
data-fact-yes = Du sa ja til: { $interests }.
data-fact-yes-all = Du sa ja.
data-fact-unconfirmed = Adressen din kom fra en annen liste, uten bevis for at du sa ja: { $interests }.
data-fact-unconfirmed-all = Adressen din kom fra en annen liste, uten bevis for at du sa ja.
data-fact-bought-told = Du kjøpte noe ({ $interests }) og fikk vite at vi kan skrive til deg om lignende ting.
data-fact-bought = Du kjøpte noe ({ $interests }).
data-fact-inquired-told = Du spurte om noe ({ $interests }) og fikk vite at vi kan skrive til deg om lignende ting.
data-fact-inquired = Du spurte om noe ({ $interests }).
data-fact-no = Du sa nei til: { $interests }.
data-fact-no-all = Du sa nei til all reklame.
data-fact-complaint = Du meldte e-posten vår som uønsket. Det teller som et nei.
data-fact-undone = Du trakk et nei tilbake.
data-fact-tracking-yes = Du sa ja til at vi ser om du leser e-postene våre.
data-fact-tracking-no = Du sa nei til at vi ser om du leser e-postene våre.
data-fact-bounced = En e-post til adressen din kom i retur, så vi stanset.
data-fact-blocked = { $sender } har sperret adressen din.
data-fact-unblocked = Adressen din er ikke lenger sperret.
data-fact-address = Du har fått en annen adresse siden.
data-fact-restricted = Bruken av opplysningene dine ble begrenset.
data-fact-lifted = Begrensningen ble opphevet.
data-fact-erased = Opplysningene dine ble slettet.
data-fact-often = Du valgte hvor ofte det kommer reklame: { $choice }.
data-fact-paused = Du ba om en pause fra reklame til { $date }.
data-fact-pause-ended = Du avsluttet pausen fra reklame.
data-fact-profiling-no = Du motsatte deg e-post som velges ut fra det som er kjent om deg.
data-fact-profiling-yes = Du tillot e-post som velges ut fra det som er kjent om deg.
data-fact-place = Du valgte språk eller tidssone.

## Below a marketing message. Short, and said as one would say it to a customer.
## $sender: the brand’s name.

footer-sender = { $sender } sendte deg denne e-posten.
footer-unsubscribe = Meld deg av
footer-unsubscribe-invite = Vil du helst ikke høre fra oss? Du kan melde deg av når som helst:
footer-preferences = Velg hva du vil høre om
footer-preferences-invite = Interessert i noe annet? Velg hva du vil høre om:
footer-advertising = Denne e-posten er reklame.
footer-privacy = Personvernerklæring:

## Mail that the gateway writes itself in a sender’s name, and the page for a new link. Nothing in it sells anything.
## $sender: the brand’s name. $host: the website of the sign-up form. $days: a number from 2 on.

mail-privacy = Personvernerklæring

mail-confirm-subject = Bekreft: e-post fra { $sender }
mail-confirm-lead = Noen, trolig du, har meldt seg på hos { $sender } for å få e-post om:
mail-confirm-lead-host = Noen, trolig du, har meldt seg på hos { $sender } på { $host } for å få e-post om:
mail-confirm-form = I skjemaet sto det:
mail-confirm-button = Bekreft påmeldingen
mail-confirm-days = Lenken virker i { $days } dager.
mail-confirm-nothing = Hvis det ikke var deg, trenger du ikke gjøre noe: med mindre du bekrefter, får du ingen slike e-poster.

confirm-over-body = En slik lenke virker bare noen dager. Ingenting ble bekreftet. Vil du fortsatt ha disse e-postene?
confirm-over-button = Send meg en ny lenke
confirm-asked-title = Vi har notert det
confirm-asked-body = Hvis vi fortsatt kan spørre deg, er en ny lenke på vei. Ingenting endres før du trykker på den. Kommer den ikke, prøv igjen i morgen.
saved-asked = Du har bedt om «{ $interest }». Hvis vi kan spørre deg, har vi sendt deg en lenke: ingenting endres før du trykker på den.
