## The pages behind the links of a mail.
## $sender: the brand’s name. $interest: the title of an interest. $address: a redacted address.

about-address = Det här gäller { $address }.
service-note = Kvitton och andra meddelanden som du behöver påverkas inte.

ask-title = Avsluta utskick
ask-heading = Vill du sluta få mejl från { $sender }?
ask-lead = Inget har ändrats än. Vad vill du slippa?
ask-leave-scope = Sluta skicka mejl om ”{ $interest }”
ask-leave-list = Sluta skicka de här mejlen
ask-leave-all = Sluta skicka all reklam från { $sender }
ask-choose = Välj i stället vad du vill läsa om

done-title = Du är avanmäld
done-scope = { $sender } skickar inga fler mejl till dig om ”{ $interest }”.
done-list = { $sender } skickar inga fler sådana mejl till dig.
done-all = { $sender } skickar ingen mer reklam till dig med e-post.
done-note = Ditt val är sparat och gäller från och med nu.

undo-lead = Blev det fel? Du kan ångra dig inom 24 timmar.
undo-button = Ångra
undone-title = Välkommen tillbaka
undone-body = Din avanmälan är borttagen. Det du hade sagt ja till tidigare gäller igen.
undo-late-title = Det går inte att ångra här
undo-late-body = De 24 timmarna har gått, eller så är avanmälan redan ångrad. Inget har ändrats. Du är välkommen att anmäla dig hos { $sender } igen.

choose-title = Dina val för e-post
choose-heading = Vad vill du läsa om från { $sender }?
choose-legend = Intressen
choose-lead = Kryssa för det du vill ha och ta bort krysset för resten. I ett intresse ingår allt som står under det.
choose-save = Spara mina val
choose-empty = Det finns inget att välja här just nu.
tracking-legend = Läsvanor
tracking-label = { $sender } får se om och när jag öppnar mejlen, och vilka länkar jag trycker på.
tracking-note = Det här är av tills du slår på det. Du får samma mejl ändå: utan det tar vi bort de osynliga bilder och delar av länkar som annars berättar.
none-heading = Vill du hellre slippa allt?
none-button = Ingen reklam alls

saved = Dina val är sparade.
saved-covered = ”{ $interest }” är också av, eftersom det hör till ett intresse som du stängde av.
saved-not-on = ”{ $interest }” går inte att slå på här ännu. Anmäl dig gärna hos { $sender }.

confirm-title = Bekräfta din anmälan
confirm-heading = Vill du få mejl från { $sender }?
confirm-lead = Någon, antagligen du, har anmält sig hos { $sender } för mejl om:
confirm-button = Ja, skicka till mig
confirm-nothing = Var det inte du behöver du inte göra något: om du inte trycker på knappen skickas inget av detta.
confirm-freely = Du kan ändra dig när du vill. Det finns en länk för det i varje sådant mejl.
confirmed-title = Tack, det är bekräftat
confirmed-lead = Du har sagt ja till att { $sender } skickar dig mejl om:
confirm-again-title = Det är redan bekräftat
confirm-again-body = Den här länken har redan använts. Inget har ändrats nu.
confirm-withdrawn-title = Inget bekräftades
confirm-withdrawn-body = Du har avanmält dig sedan länken skickades, och det gäller. Vill du ändå få mejl från { $sender } får du gärna anmäla dig där igen.
confirm-ended-title = Länken gäller inte längre
confirm-ended-body = En sådan länk fungerar bara några dagar. Inget bekräftades. Anmäl dig hos { $sender } igen för att få en ny.

missing-title = Sidan finns inte
missing-body = Länken fungerar inte. Kontrollera att du fick med hela länken från mejlet.

nothing-title = Inget finns sparat om dig
nothing-body = Här finns inget kvar att ändra. Du behöver inte göra något.

later-title = Försök igen
later-body = Vi når inte våra uppgifter just nu och kan därför inte lova att ditt val är sparat. Försök igen om några minuter.
many-title = För många förfrågningar
many-body = Det har kommit många förfrågningar från ditt nätverk på kort tid. Vänta en minut och försök igen. Inget har ändrats.

unread-title = Det kom inte fram
unread-body = Vi kunde inte läsa det som skickades, så inget har ändrats. Gå tillbaka och försök igen.

## How marketing comes, and why it may come at all.
## $sender: the brand’s name. $date: 2026-05-03. $interest: the title of an interest. $address: the sender’s own.

choices-language-name = Svenska
less-lead = Eller vill du hellre få färre mejl?
less-weekly = Högst en gång i veckan
less-pause-30 = Pausa i 30 dagar
less-pause-90 = Pausa i 90 dagar
chosen-title = Ditt val är sparat
chosen-weekly = Från och med nu skickar { $sender } reklam till dig högst en gång i veckan.
chosen-paused = { $sender } skickar ingen reklam till dig förrän { $date }. Därefter kan den komma igen.
chosen-undo-lead = Har du ändrat dig?
chosen-undo = Ta tillbaka valet
chosen-undone-title = Valet är tillbakataget
chosen-undone-body = Det du hade valt tidigare gäller igen.
chosen-late-title = Det går inte att ta tillbaka här
chosen-late-body = Du har valt något annat sedan dess, eller så är valet redan tillbakataget. Inget har ändrats nu.
often-legend = Hur ofta
often-as-sent = Så ofta det finns något att berätta
often-weekly = Högst en gång i veckan
often-monthly = Högst en gång i månaden
pause-legend = Ta en paus
pause-none = Ingen paus
pause-keep = Paus till { $date }
pause-end = Avsluta pausen nu
pause-30 = Paus i 30 dagar från i dag
pause-90 = Paus i 90 dagar från i dag
place-legend = Språk och tid
place-language = Språk
place-zone = Tidszon
place-zone-none = Inte vald
profiling-legend = Utvalt för dig
profiling-label = { $sender } får välja vad jag får utifrån det som är känt om mig.
profiling-note = Utan det får du bara sådant som { $sender } skickar likadant till alla.
saved-unread = Ett av dina val gick inte att läsa och är kvar som det var.
why-heading = Därför får du de här mejlen
why-double-opt-in = Den { $date } bekräftade du att du vill ha mejl om ”{ $interest }”.
why-single-opt-in = Den { $date } sa du att du vill ha mejl om ”{ $interest }”.
why-purchase = Den { $date } köpte du något (”{ $interest }”).
why-inquiry = Den { $date } frågade du om något (”{ $interest }”).
why-negotiation = Den { $date } var du på väg att köpa något (”{ $interest }”).
why-noticed = Då fick du veta att { $sender } kan skriva till dig om liknande saker.
why-no-objection = Där du bor får { $sender } skriva till dig så länge du inte säger nej.
why-none = Just nu finns inget som ger { $sender } rätt att skicka reklam till dig.
source-import = Din adress kom med en lista som { $sender } förde in den { $date }.
source-told = { $sender } lämnade din adress till den här mejltjänsten den { $date }.
controller = { $sender } bestämmer vad dina uppgifter används till.
controller-address = Adress: { $address }
privacy-link = Så hanterar { $sender } dina uppgifter
processor-note = Den här mejltjänsten arbetar åt { $sender } och använder dina uppgifter till inget annat.
functional-heading = Det du får ändå
functional-note = Kvitton, svar på dina frågor och säkerhetsmeddelanden, till exempel återkallelser, kommer vad du än väljer här. De är inte reklam.

## What people read about their own data: on the pages behind a fresh link, and in the letters that bring it.
## $sender: the brand’s name. $interests: titles of interests. $minutes: how long a link works, a number. $choice: how often.
## $date: 2026-05-03 13:00.

data-ask-heading = Vad vi vet om dig
data-ask-lead = Vi mejlar dig en länk till allt som finns sparat om dig. Där kan du också rätta det, ta det med dig eller få det raderat.
data-ask-button = Mejla mig länken
data-asked-title = Titta i din inkorg
data-asked-body = Om { $sender } känner till adressen det gäller har vi mejlat en länk dit. Kommer inget kan du vänta några minuter och be igen: vi skickar högst en på fem minuter och fem om dagen.
data-mail-subject = Dina uppgifter hos { $sender }
data-mail-lead = Du har frågat { $sender } vad som finns sparat om dig. Den här länken öppnar det: du kan se det, rätta det, ta det med dig eller få det raderat.
data-mail-button = Visa mina uppgifter
data-mail-life = Länken fungerar i { $minutes } minuter. Skicka den inte vidare.
data-mail-nothing = Var det inte du behöver du inte göra något: utan den här länken ser ingen dina uppgifter.
data-address-mail-subject = Är det här din adress? { $sender }
data-address-mail-lead = Någon, troligen du, vill att { $sender } använder den här adressen från och med nu. Är den din, så bekräfta det.
data-address-mail-button = Använd den här adressen
data-address-mail-nothing = Var det inte du behöver du inte göra något: inget ändras.
data-ended-title = Länken gäller inte längre
data-ended-body = En länk till dina uppgifter gäller bara en kort stund. Vi kan mejla dig en ny.
data-ended-button = Mejla mig en ny länk
data-title = Dina uppgifter
data-heading = Det { $sender } har sparat om dig
data-facts = Vad som har hänt
data-proof = Hur vi vet det
data-channel = Kom in via
data-mail = Mejl till dig
data-mail-none = Inga finns noterade.
data-mail-more = Äldre mejl finns i kopian som du kan ta med dig.
data-mail-service = servicemejl
data-mail-sent = skickat
data-mail-stopped = inte skickat
data-mail-waits = väntar
data-requests = Det du har bett om
data-request-access = en kopia av dina uppgifter
data-request-rectification = en annan adress
data-request-erasure = radering
data-request-restriction = hur dina uppgifter får användas
data-request-objection = ingen reklam
data-request-open = på gång
data-request-done = klart
data-request-refused = avslaget, som du har fått veta
data-take-heading = Ta det med dig
data-take-lead = Allt i en fil, för dig och för andra program.
data-take-button = Ladda ner mina uppgifter
data-correct-heading = En annan adress
data-correct-label = Din nya mejladress. Vi mejlar en länk dit; ändringen görs när du trycker på den där.
data-correct-button = Mejla en länk till den nya adressen
data-no-address-title = Det är ingen mejladress
data-no-address-body = Gå tillbaka och titta på den igen. Inget har ändrats.
data-address-asked-title = Titta i den nya inkorgen
data-address-asked-body = Vi har skickat en länk till den nya adressen, om den inte redan har fått en i dag. Tills du trycker på den där blir allt som det är.
data-address-title = Är det här din adress?
data-address-body = { $sender } använder den från och med nu, i stället för den som finns. Det du har valt förut gäller fortfarande.
data-address-button = Ja, använd den här adressen
data-address-changed-title = Din adress är ändrad
data-address-changed-body = { $sender } använder den här adressen nu. Ingen reklam går längre till den gamla.
data-address-taken-title = Det går inte att ändra här
data-address-taken-body = { $sender } har redan något sparat under den här adressen. Skriv till { $sender }. Inget har ändrats.
data-restrict-heading = Användning av dina uppgifter
data-restrict-lead = Dina uppgifter finns kvar, men ingen reklam skickas med dem förrän du säger till.
data-restrict-button = Begränsa användningen av mina uppgifter
data-restricted-title = Dina uppgifter är begränsade
data-restricted-body = { $sender } behåller dem men skickar ingen reklam med dem. Du kan ta bort begränsningen på samma ställe.
data-lift-lead = Du har begränsat användningen av dina uppgifter.
data-lift-button = Ta bort begränsningen
data-lifted-title = Begränsningen är borttagen
data-lifted-body = Det du hade sagt ja till förut gäller igen.
data-restricted-by-us = Användningen av dina uppgifter är begränsad. Skriv till { $sender } om du vill få det ändrat.
data-object-heading = Ingen reklam
data-object-button = Jag vill inte ha reklam
data-objected-title = Ingen mer reklam
data-objected-body = { $sender } skickar ingen mer reklam till dig via mejl.
data-profiling-heading = Inget utvalt för mig
data-profiling-lead = Då får du bara sådant som { $sender } skickar lika till alla.
data-profiling-button = Jag säger nej till profilering
data-unprofiled-title = Inget väljs längre ut för dig
data-unprofiled-body = { $sender } väljer inte längre ut vad du får efter vad som är känt om dig.
data-erase-heading = Radera
data-erase-lead = Allt som { $sender } har sparat om dig här raderas och går inte att få tillbaka.
data-erase-button = Radera mina uppgifter
data-sure-title = Radera allt?
data-sure-body = { $sender } vet sedan inget om dig och skickar ingen reklam, om du inte anmäler dig på nytt. Inget har ändrats än.
data-sure-button = Ja, radera allt
data-erased-title = Allt är raderat
data-erased-body = Inget finns längre sparat om dig här.
data-fact-signup = Du anmälde dig till: { $interests }. Ännu inte bekräftat.
data-fact-signup-all = Du anmälde dig. Ännu inte bekräftat.
data-fact-asked = Vi mejlade och frågade om du vill ha: { $interests }.
data-fact-asked-all = Vi mejlade och bad dig bekräfta.
data-fact-confirmed = Du sa ja till detta och bekräftade via mejl: { $interests }.
data-fact-yes = Du sa ja till: { $interests }.
data-fact-yes-all = Du sa ja.
data-fact-unconfirmed = Din adress kom från en annan lista, utan bevis för att du sagt ja: { $interests }.
data-fact-unconfirmed-all = Din adress kom från en annan lista, utan bevis för att du sagt ja.
data-fact-bought-told = Du köpte något ({ $interests }) och fick veta att vi kan skriva till dig om liknande.
data-fact-bought = Du köpte något ({ $interests }).
data-fact-inquired-told = Du frågade om något ({ $interests }) och fick veta att vi kan skriva till dig om liknande.
data-fact-inquired = Du frågade om något ({ $interests }).
data-fact-no = Du sa nej till: { $interests }.
data-fact-no-all = Du sa nej till all reklam.
data-fact-complaint = Du anmälde vårt mejl som oönskat. Det räknas som ett nej.
data-fact-undone = Du tog tillbaka ett nej.
data-fact-tracking-yes = Du sa ja till att vi kan se att du läser våra mejl.
data-fact-tracking-no = Du sa nej till att vi kan se att du läser våra mejl.
data-fact-bounced = Mejl till din adress kom tillbaka, så vi slutade.
data-fact-blocked = { $sender } har spärrat din adress.
data-fact-unblocked = Din adress är inte längre spärrad.
data-fact-address = Sedan dess har du en annan adress.
data-fact-restricted = Användningen av dina uppgifter begränsades.
data-fact-lifted = Begränsningen togs bort.
data-fact-erased = Dina uppgifter raderades.
data-fact-often = Du valde hur ofta reklam kommer: { $choice }.
data-fact-paused = Du bad om en paus från reklam till { $date }.
data-fact-pause-ended = Du avslutade din paus från reklam.
data-fact-profiling-no = Du sade nej till mejl som väljs ut efter vad som är känt om dig.
data-fact-profiling-yes = Du tillät mejl som väljs ut efter vad som är känt om dig.
data-fact-place = Du valde språk eller tidszon.

## Below a marketing message. Short, and said as one would say it to a customer.
## $sender: the brand’s name.

footer-sender = Det här mejlet kommer från { $sender }.
footer-unsubscribe = Avregistrera dig
footer-unsubscribe-invite = Vill du hellre slippa våra mejl? Du kan avregistrera dig när du vill:
footer-preferences = Välj vad du vill höra om
footer-preferences-invite = Är du intresserad av något annat? Välj vad du vill höra om:
footer-advertising = Det här mejlet är reklam.
footer-privacy = Integritetspolicy:

## Mail that the gateway writes itself in a sender’s name, and the page for a new link. Nothing in it sells anything.
## $sender: the brand’s name. $host: the website of the sign-up form. $days: a number from 2 on.

mail-privacy = Integritetspolicy

mail-confirm-subject = Bekräfta din anmälan: mejl från { $sender }
mail-confirm-lead = Någon, antagligen du, har anmält sig hos { $sender } för mejl om:
mail-confirm-lead-host = Någon, antagligen du, har anmält sig hos { $sender } på { $host } för mejl om:
mail-confirm-form = Så här stod det i formuläret:
mail-confirm-button = Bekräfta min anmälan
mail-confirm-days = Länken fungerar i { $days } dagar.
mail-confirm-nothing = Var det inte du behöver du inte göra något: om du inte bekräftar får du inga sådana mejl.

confirm-over-body = En sådan länk fungerar bara några dagar. Inget bekräftades. Vill du fortfarande ha de här mejlen?
confirm-over-button = Skicka en ny länk
confirm-asked-title = Vi har tagit emot det
confirm-asked-body = Om vi får fråga dig igen är en ny länk på väg. Inget ändras förrän du trycker på den. Kommer den inte fram får du gärna försöka igen i morgon.
saved-asked = Du har bett om ”{ $interest }”. Om vi får fråga dig har vi mejlat en länk: inget ändras förrän du trycker på den.
