# Det som står i mejl som vi själva skriver i en avsändares namn. Kort och enkelt; inget i dem säljer något.
mail-privacy = Integritetspolicy

mail-confirm-subject = Bekräfta din anmälan: mejl från { $sender }
mail-confirm-lead = Någon, antagligen du, har anmält sig hos { $sender } för mejl om:
mail-confirm-lead-host = Någon, antagligen du, har anmält sig hos { $sender } på { $host } för mejl om:
mail-confirm-form = Så här stod det i formuläret:
mail-confirm-button = Bekräfta min anmälan
mail-confirm-days = Länken fungerar i { $days } dagar.
mail-confirm-nothing = Var det inte du behöver du inte göra något: om du inte bekräftar får du inga sådana mejl.
