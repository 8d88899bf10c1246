## The pages behind the links of a mail.
## $sender: the brand’s name. $interest: the title of an interest. $address: a redacted address.

about-address = Riguarda l’indirizzo { $address }.
service-note = Le ricevute e gli altri messaggi che ti servono continueranno ad arrivare.

ask-title = Annulla l’iscrizione
ask-heading = Annullare l’iscrizione alle e-mail di { $sender }?
ask-lead = Non è ancora cambiato nulla. Che cosa non vuoi più ricevere?
ask-leave-scope = Niente più e-mail su «{ $interest }»
ask-leave-list = Niente più e-mail di questo tipo
ask-leave-all = Niente più pubblicità da { $sender }
ask-choose = Preferisco scegliere che cosa ricevere

done-title = Iscrizione annullata
done-scope = { $sender } non ti invierà più e-mail su «{ $interest }».
done-list = { $sender } non ti invierà più queste e-mail.
done-all = { $sender } non ti invierà più pubblicità via e-mail.
done-note = La tua scelta è salvata e vale da subito.

undo-lead = L’hai premuto per sbaglio? Puoi tornare indietro entro 24 ore.
undo-button = Torna indietro
undone-title = Felici di riaverti con noi
undone-body = Abbiamo ripristinato la tua iscrizione. Ciò che avevi accettato prima vale di nuovo.
undo-late-title = Qui non si può più tornare indietro
undo-late-body = Le 24 ore sono passate oppure era già stato fatto. Non è cambiato nulla. Puoi iscriverti di nuovo quando vuoi presso { $sender }.

choose-title = Le tue preferenze e-mail
choose-heading = Di che cosa vuoi ricevere notizie da { $sender }?
choose-legend = Interessi
choose-lead = Spunta ciò che vuoi e togli la spunta al resto. Un interesse comprende tutto ciò che è elencato sotto.
choose-save = Salva le mie scelte
choose-empty = Al momento qui non c’è nulla da scegliere.
tracking-legend = Abitudini di lettura
tracking-label = { $sender } può vedere se e quando apro le e-mail e quali link premo.
tracking-note = È disattivato finché non lo attivi tu. Le e-mail che ricevi sono le stesse: senza il tuo consenso togliamo le immagini invisibili e le parti dei link che lo rivelerebbero.
none-heading = Preferisci non ricevere nulla?
none-button = Niente pubblicità

saved = Le tue scelte sono salvate.
saved-covered = Anche «{ $interest }» è disattivato, perché fa parte di un interesse che hai disattivato.
saved-not-on = «{ $interest }» non si può ancora attivare qui. Iscriviti presso { $sender }.

confirm-title = Conferma, per favore
confirm-heading = Vuoi ricevere e-mail da { $sender }?
confirm-lead = Qualcuno, probabilmente tu, si è iscritto presso { $sender } per ricevere e-mail su:
confirm-button = Sì, voglio riceverle
confirm-nothing = Se non l’hai chiesto tu, non devi fare nulla: finché non premi il pulsante, non viene inviato niente.
confirm-freely = Puoi cambiare idea quando vuoi. Ogni e-mail di questo tipo contiene un link per farlo.
confirmed-title = Grazie, è confermato
confirmed-lead = Hai accettato che { $sender } ti invii e-mail su:
confirm-again-title = È già confermato
confirm-again-body = Questo link era già stato usato. Ora non è cambiato nulla.
confirm-withdrawn-title = Non è stato confermato nulla
confirm-withdrawn-body = Hai annullato l’iscrizione dopo l’invio di questo link, ed è questo che vale. Se vuoi comunque ricevere e-mail da { $sender }, iscriviti di nuovo lì.
confirm-ended-title = Questo link è scaduto
confirm-ended-body = Un link così funziona solo per qualche giorno. Non è stato confermato nulla. Per averne uno nuovo, iscriviti di nuovo presso { $sender }.

missing-title = Pagina non trovata
missing-body = Questo link non funziona. Controlla di averlo copiato per intero dall’e-mail.

nothing-title = Non conserviamo nulla su di te
nothing-body = Qui non c’è più nulla da modificare. Non devi fare nulla.

later-title = Riprova
later-body = In questo momento non riusciamo ad accedere ai nostri dati e quindi non possiamo dirti se la tua scelta è salvata. Riprova tra qualche minuto.
many-title = Troppe richieste
many-body = Dalla tua rete sono arrivate molte richieste in poco tempo. Aspetta un minuto e riprova. Non è cambiato nulla.

unread-title = Qualcosa è andato storto
unread-body = Non siamo riusciti a leggere quanto inviato, quindi non è cambiato nulla. Torna indietro e riprova.

## How marketing comes, and why it may come at all.
## $sender: the brand’s name. $date: 2026-05-03. $interest: the title of an interest. $address: the sender’s own.

choices-language-name = Italiano
less-lead = O preferisci ricevere meno e-mail?
less-weekly = Al massimo una volta a settimana
less-pause-30 = Pausa di 30 giorni
less-pause-90 = Pausa di 90 giorni
chosen-title = La tua scelta è salvata
chosen-weekly = D’ora in poi { $sender } ti invierà pubblicità al massimo una volta a settimana.
chosen-paused = { $sender } non ti invierà pubblicità fino al { $date }. Dopo potrà arrivare di nuovo.
chosen-undo-lead = Hai cambiato idea?
chosen-undo = Annulla questa scelta
chosen-undone-title = La scelta è annullata
chosen-undone-body = Ciò che avevi scelto prima vale di nuovo.
chosen-late-title = Qui non si può più annullare
chosen-late-body = Nel frattempo hai scelto altro oppure era già stato annullato. Ora non è cambiato nulla.
often-legend = Quanto spesso
often-as-sent = Ogni volta che c’è qualcosa da dire
often-weekly = Al massimo una volta a settimana
often-monthly = Al massimo una volta al mese
pause-legend = Fare una pausa
pause-none = Nessuna pausa
pause-keep = In pausa fino al { $date }
pause-end = Termina ora la pausa
pause-30 = Pausa di 30 giorni da oggi
pause-90 = Pausa di 90 giorni da oggi
place-legend = Lingua e ora
place-language = Lingua
place-zone = Fuso orario
place-zone-none = Non scelto
profiling-legend = Scelto per te
profiling-label = { $sender } può scegliere che cosa inviarmi in base a ciò che sa di me.
profiling-note = Senza questo ricevi solo ciò che { $sender } invia a tutti allo stesso modo.
saved-unread = Una delle tue scelte non era leggibile ed è rimasta com’era.
why-heading = Perché ricevi questa e-mail
why-double-opt-in = Il { $date } hai confermato di volere e-mail su «{ $interest }».
why-single-opt-in = Il { $date } hai detto di volere e-mail su «{ $interest }».
why-purchase = Il { $date } hai acquistato qualcosa («{ $interest }»).
why-inquiry = Il { $date } hai chiesto informazioni («{ $interest }»).
why-negotiation = Il { $date } hai parlato di un possibile acquisto («{ $interest }»).
why-noticed = In quell’occasione ti è stato detto che { $sender } può scriverti su cose simili.
why-no-objection = Dove ti trovi, { $sender } può scriverti finché non dici di no.
why-none = Al momento nulla permette a { $sender } di inviarti pubblicità.
source-import = Il tuo indirizzo era in un elenco importato da { $sender } il { $date }.
source-told = { $sender } ha comunicato il tuo indirizzo a questo servizio di posta il { $date }.
controller = { $sender } decide per che cosa vengono usati i tuoi dati.
controller-address = Indirizzo: { $address }
privacy-link = Come { $sender } tratta i tuoi dati
processor-note = Questo servizio di posta lavora per { $sender } e non usa i tuoi dati per nient’altro.
functional-heading = Che cosa ricevi in ogni caso
functional-note = Ricevute, risposte alle tue domande e avvisi di sicurezza, come i richiami di prodotti, arrivano qualunque sia la tua scelta qui. Non sono pubblicità.

## What people read about their own data: on the pages behind a fresh link, and in the letters that bring it.
## $sender: the brand’s name. $interests: titles of interests. $minutes: how long a link works, a number. $choice: how often.
## $date: 2026-05-03 13:00.

data-ask-heading = Che cosa sappiamo di te
data-ask-lead = Ti inviamo un link a tutto ciò che è conservato su di te. Lì puoi anche correggerlo, scaricarlo o farlo cancellare.
data-ask-button = Inviami il link
data-asked-title = Guarda nella tua casella
data-asked-body = Se { $sender } conosce l’indirizzo in questione, vi abbiamo inviato un link. Se non arriva nulla, aspetta qualche minuto e chiedilo di nuovo: ne inviamo al massimo uno ogni cinque minuti e cinque al giorno.
data-mail-subject = I tuoi dati presso { $sender }
data-mail-lead = Hai chiesto a { $sender } che cosa è conservato su di te. Questo link lo apre: puoi vederlo, correggerlo, scaricarlo o farlo cancellare.
data-mail-button = Vedi i miei dati
data-mail-life = { $minutes ->
    [one] Il link funziona per { $minutes } minuto. Non darlo a nessuno.
   *[other] Il link funziona per { $minutes } minuti. Non darlo a nessuno.
}
data-mail-nothing = Se non l’hai chiesto tu, non devi fare nulla: senza questo link nessuno vede i tuoi dati.
data-address-mail-subject = È il tuo indirizzo? { $sender }
data-address-mail-lead = Qualcuno, probabilmente tu, vuole che { $sender } usi d’ora in poi questo indirizzo. Se è il tuo, confermalo.
data-address-mail-button = Usa questo indirizzo
data-address-mail-nothing = Se non l’hai chiesto tu, non devi fare nulla: non cambia niente.
data-ended-title = Questo link è scaduto
data-ended-body = Un link ai tuoi dati funziona solo per poco tempo. Possiamo inviartene uno nuovo.
data-ended-button = Inviami un nuovo link
data-title = I tuoi dati
data-heading = Che cosa { $sender } conserva su di te
data-facts = Che cosa è successo
data-proof = Come lo sappiamo
data-channel = Arrivato tramite
data-mail = E-mail inviate a te
data-mail-none = Non ne risulta nessuna.
data-mail-more = Le e-mail più vecchie sono nella copia che puoi scaricare.
data-mail-service = messaggio di servizio
data-mail-sent = inviata
data-mail-stopped = non inviata
data-mail-waits = in attesa
data-requests = Che cosa hai chiesto
data-request-access = una copia dei tuoi dati
data-request-rectification = un altro indirizzo
data-request-erasure = la cancellazione
data-request-restriction = come possono essere usati i tuoi dati
data-request-objection = niente pubblicità
data-request-open = in corso
data-request-done = fatto
data-request-refused = rifiutata, come ti è stato comunicato
data-take-heading = Porta con te i tuoi dati
data-take-lead = Tutto in un unico file, per te e per altri programmi.
data-take-button = Scarica i miei dati
data-correct-heading = Un altro indirizzo
data-correct-label = Il tuo nuovo indirizzo e-mail. Vi inviamo un link; la modifica avviene quando lo premi lì.
data-correct-button = Invia un link al nuovo indirizzo
data-no-address-title = Questo non è un indirizzo e-mail
data-no-address-body = Torna indietro e controllalo di nuovo. Non è cambiato nulla.
data-address-asked-title = Guarda nella nuova casella
data-address-asked-body = Abbiamo inviato un link al nuovo indirizzo, a meno che oggi non ne abbia già ricevuto uno. Finché non lo premi lì, tutto resta com’è.
data-address-title = È il tuo indirizzo?
data-address-body = { $sender } lo userà d’ora in poi al posto di quello attuale. Ciò che avevi scelto resta valido.
data-address-button = Sì, usa questo indirizzo
data-address-changed-title = Il tuo indirizzo è cambiato
data-address-changed-body = { $sender } ora usa questo indirizzo. A quello vecchio non viene più inviata pubblicità.
data-address-taken-title = Qui non si può cambiare
data-address-taken-body = { $sender } conserva già qualcosa con questo indirizzo. Scrivi a { $sender }, per favore. Non è cambiato nulla.
data-restrict-heading = Uso dei tuoi dati
data-restrict-lead = I tuoi dati restano, ma non vengono usati per inviarti pubblicità finché non dici altrimenti.
data-restrict-button = Limita l’uso dei miei dati
data-restricted-title = L’uso dei tuoi dati è limitato
data-restricted-body = { $sender } li conserva e non li usa per inviarti pubblicità. Puoi mettervi fine nello stesso posto.
data-lift-lead = Hai limitato l’uso dei tuoi dati.
data-lift-button = Togli la limitazione
data-lifted-title = La limitazione è finita
data-lifted-body = Ciò che avevi accettato prima vale di nuovo.
data-restricted-by-us = L’uso dei tuoi dati è limitato. Scrivi a { $sender } per mettervi fine.
data-object-heading = Niente pubblicità
data-object-button = Mi oppongo alla pubblicità
data-objected-title = Basta pubblicità
data-objected-body = { $sender } non ti invierà più pubblicità via e-mail.
data-profiling-heading = Niente di scelto per me
data-profiling-lead = In questo modo ricevi solo ciò che { $sender } invia a tutti allo stesso modo.
data-profiling-button = Mi oppongo alla profilazione
data-unprofiled-title = Non viene più scelto nulla per te
data-unprofiled-body = { $sender } non sceglie più che cosa inviarti in base a ciò che sa di te.
data-erase-heading = Cancellazione
data-erase-lead = Tutto ciò che { $sender } conserva qui su di te viene cancellato e non si può recuperare.
data-erase-button = Cancella i miei dati
data-sure-title = Cancellare tutto?
data-sure-body = Dopo, { $sender } non saprà più nulla di te e non ti invierà pubblicità, a meno che tu non ti iscriva di nuovo. Non è ancora cambiato nulla.
data-sure-button = Sì, cancella tutto
data-erased-title = È stato cancellato tutto
data-erased-body = Qui non è più conservato nulla su di te.
data-fact-signup = Iscrizione a: { $interests }. Da sola non vale come conferma.
data-fact-signup-all = Iscrizione. Da sola non vale come conferma.
data-fact-asked = Ti abbiamo scritto per chiederti se vuoi: { $interests }.
data-fact-asked-all = Ti abbiamo scritto per chiederti una conferma.
data-fact-confirmed = Hai detto di sì e l’hai confermato via e-mail: { $interests }.
data-fact-yes = Hai detto di sì a: { $interests }.
data-fact-yes-all = Hai detto di sì.
data-fact-unconfirmed = Il tuo indirizzo proveniva da un altro elenco, senza prova del tuo consenso: { $interests }.
data-fact-unconfirmed-all = Il tuo indirizzo proveniva da un altro elenco, senza prova del tuo consenso.
data-fact-bought-told = Hai acquistato qualcosa ({ $interests }) e ti è stato detto che possiamo scriverti su cose simili.
data-fact-bought = Hai acquistato qualcosa ({ $interests }).
data-fact-inquired-told = Hai chiesto informazioni ({ $interests }) e ti è stato detto che possiamo scriverti su cose simili.
data-fact-inquired = Hai chiesto informazioni ({ $interests }).
data-fact-no = Hai detto di no a: { $interests }.
data-fact-no-all = Hai detto di no a tutta la pubblicità.
data-fact-complaint = Hai segnalato una nostra e-mail come indesiderata. Vale come un no.
data-fact-undone = Hai ritirato un no.
data-fact-tracking-yes = Hai accettato che vediamo se leggi le nostre e-mail.
data-fact-tracking-no = Non hai accettato che vediamo se leggi le nostre e-mail.
data-fact-bounced = Un’e-mail al tuo indirizzo è tornata indietro, perciò abbiamo smesso.
data-fact-blocked = { $sender } ha bloccato il tuo indirizzo.
data-fact-unblocked = Il tuo indirizzo non è più bloccato.
data-fact-address = Da allora hai un altro indirizzo.
data-fact-restricted = L’uso dei tuoi dati è stato limitato.
data-fact-lifted = La limitazione è finita.
data-fact-erased = I tuoi dati sono stati cancellati.
data-fact-often = Hai scelto quanto spesso arriva la pubblicità: { $choice }.
data-fact-paused = Hai chiesto una pausa dalla pubblicità fino al { $date }.
data-fact-pause-ended = Hai terminato la tua pausa dalla pubblicità.
data-fact-profiling-no = Opposizione alle e-mail scelte in base a ciò che si sa di te.
data-fact-profiling-yes = Hai permesso le e-mail scelte in base a ciò che si sa di te.
data-fact-place = Hai scelto la lingua o il fuso orario.

## Below a marketing message. Short, and said as one would say it to a customer.
## $sender: the brand’s name.

footer-sender = Questa e-mail ti è stata inviata da { $sender }.
footer-unsubscribe = Annulla l’iscrizione
footer-unsubscribe-invite = Preferisci non ricevere le nostre e-mail? Puoi annullare l’iscrizione quando vuoi:
footer-preferences = Scegli che cosa ricevere
footer-preferences-invite = Ti interessa altro? Scegli che cosa ricevere:
footer-advertising = Questa e-mail è pubblicità.
footer-privacy = Informativa sulla privacy:

## Mail that the gateway writes itself in a sender’s name, and the page for a new link. Nothing in it sells anything.
## $sender: the brand’s name. $host: the website of the sign-up form. $days: a number from 2 on.

mail-privacy = Informativa sulla privacy

mail-confirm-subject = Conferma, per favore: e-mail da { $sender }
mail-confirm-lead = Qualcuno, probabilmente tu, si è iscritto presso { $sender } per ricevere e-mail su:
mail-confirm-lead-host = Qualcuno, probabilmente tu, si è iscritto presso { $sender } su { $host } per ricevere e-mail su:
mail-confirm-form = Nel modulo c’era scritto:
mail-confirm-button = Conferma la mia iscrizione
mail-confirm-days = Il link funziona per { $days } giorni.
mail-confirm-nothing = Se non l’hai chiesto tu, non devi fare nulla: finché non confermi, non riceverai nessuna di queste e-mail.

confirm-over-body = Un link così funziona solo per qualche giorno. Non è stato confermato nulla. Vuoi ancora queste e-mail?
confirm-over-button = Inviami un nuovo link
confirm-asked-title = Ne abbiamo preso nota
confirm-asked-body = Se possiamo ancora chiedertelo, un nuovo link sta arrivando. Non cambia nulla finché non lo premi. Se non arriva, riprova domani.
saved-asked = Hai chiesto «{ $interest }». Se possiamo chiedertelo, ti abbiamo inviato un link: non cambia nulla finché non lo premi.
