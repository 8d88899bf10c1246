# Was in E-Mails steht, die wir selbst im Namen eines Absenders schreiben. Kurz und schlicht; nichts darin wirbt.
mail-privacy = Datenschutzhinweise

mail-confirm-subject = Bitte bestätigen: E-Mails von { $sender }
mail-confirm-lead = Jemand, vermutlich Sie, hat sich bei { $sender } angemeldet für E-Mails zu:
mail-confirm-lead-host = Jemand, vermutlich Sie, hat sich bei { $sender } auf { $host } angemeldet für E-Mails zu:
mail-confirm-form = Im Formular stand:
mail-confirm-button = Anmeldung bestätigen
mail-confirm-days = Der Link gilt { $days } Tage.
mail-confirm-nothing = Wenn Sie es nicht waren, müssen Sie nichts tun: Solange Sie nicht bestätigen, erhalten Sie keine dieser E-Mails.
