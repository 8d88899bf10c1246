# Wat ontvangers lezen op de pagina’s achter hun links.

about-address = Dit gaat over { $address }.
service-note = Bonnen en andere berichten die u nodig hebt, blijven gewoon komen.

ask-title = Afmelden
ask-heading = Afmelden bij { $sender }?
ask-lead = Er is nog niets veranderd. Wat wilt u niet meer ontvangen?
ask-leave-scope = Geen e-mail meer over ‘{ $interest }’
ask-leave-list = Deze e-mails niet meer
ask-leave-all = Helemaal geen reclame meer van { $sender }
ask-choose = Liever kiezen waarover u iets hoort

done-title = U bent afgemeld
done-scope = { $sender } stuurt u geen e-mail meer over ‘{ $interest }’.
done-list = { $sender } stuurt u deze e-mails niet meer.
done-all = { $sender } stuurt u geen reclame meer per e-mail.
done-note = Uw keuze is opgeslagen en geldt vanaf nu.

undo-lead = Per ongeluk gedrukt? U kunt het binnen 24 uur ongedaan maken.
undo-button = Ongedaan maken
undone-title = Welkom terug
undone-body = Uw afmelding is ingetrokken. Waar u eerder ja op zei, geldt weer.
undo-late-title = Dit kan hier niet meer ongedaan worden gemaakt
undo-late-body = De 24 uur zijn voorbij, of het is al ongedaan gemaakt. Er is niets veranderd. U kunt zich altijd opnieuw aanmelden bij { $sender }.

choose-title = Uw keuzes voor e-mail
choose-heading = Waarover wilt u iets horen van { $sender }?
choose-legend = Interesses
choose-lead = Vink aan wat u wilt en haal het vinkje weg bij de rest. Bij een interesse hoort alles wat eronder staat.
choose-save = Mijn keuzes opslaan
choose-empty = Er valt hier op dit moment niets te kiezen.
tracking-legend = Leesgedrag
tracking-label = { $sender } mag zien of en wanneer ik de e-mails open en op welke links ik klik.
tracking-note = Dit staat uit zolang u het niet aanzet. U krijgt dezelfde e-mails: zonder toestemming halen we de onzichtbare afbeeldingen en de delen van links weg die dat zouden verraden.
none-heading = Liever helemaal niets?
none-button = Helemaal geen reclame

saved = Uw keuzes zijn opgeslagen.
saved-covered = ‘{ $interest }’ staat nu ook uit, want het hoort bij een interesse die u hebt uitgezet.
saved-not-on = ‘{ $interest }’ kan hier nog niet worden aangezet. Meld u ervoor aan bij { $sender }.

confirm-title = Bevestig uw aanmelding
confirm-heading = Wilt u e-mail van { $sender }?
confirm-lead = Iemand, waarschijnlijk u, heeft zich bij { $sender } aangemeld voor e-mail over:
confirm-button = Ja, stuur het mij
confirm-nothing = Was u het niet, dan hoeft u niets te doen: zolang u niet op de knop drukt, wordt er niets van verstuurd.
confirm-freely = U kunt zich altijd bedenken. In elke e-mail hierover staat een link daarvoor.
confirmed-title = Bedankt, het is bevestigd
confirmed-lead = U hebt ermee ingestemd dat { $sender } u e-mail stuurt over:
confirm-again-title = Het is al bevestigd
confirm-again-body = Deze link is al eerder gebruikt. Er is nu niets veranderd.
confirm-withdrawn-title = Er is niets bevestigd
confirm-withdrawn-body = U hebt zich afgemeld nadat deze link was verstuurd, en dat geldt. Wilt u toch iets horen van { $sender }, meld u daar dan opnieuw aan.
confirm-ended-title = Deze link is verlopen
confirm-ended-body = Zo’n link werkt maar een paar dagen. Er is niets bevestigd. Meld u opnieuw aan bij { $sender } om een nieuwe te krijgen.

missing-title = Pagina niet gevonden
missing-body = Deze link werkt niet. Controleer of u de hele link uit de e-mail hebt overgenomen.

nothing-title = Er wordt niets over u bewaard
nothing-body = Hier valt niets meer te wijzigen. U hoeft niets te doen.

later-title = Probeer het opnieuw
later-body = We kunnen nu niet bij onze gegevens en weten dus niet zeker of uw keuze is opgeslagen. Probeer het over een paar minuten opnieuw.
many-title = Te veel verzoeken
many-body = Er zijn in korte tijd veel verzoeken uit uw netwerk gekomen. Wacht een minuut en probeer het opnieuw. Er is niets gewijzigd.

unread-title = Dat kwam niet goed over
unread-body = We konden niet lezen wat er werd gestuurd. Er is niets veranderd. Ga terug en probeer het opnieuw.
