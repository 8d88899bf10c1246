# Det som mottagare läser på sidorna bakom sina länkar.

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
