# Det som står i mejl som vi själva skriver i en avsändares namn. Kort och enkelt; inget i dem säljer något.
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
