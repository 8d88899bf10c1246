# Was in E-Mails steht, die wir selbst im Namen eines Absenders schreiben. Kurz und schlicht; nichts darin wirbt.
mail-privacy = Datenschutzhinweise

mail-confirm-subject = Bitte bestätigen: E-Mails von { $sender }
mail-confirm-lead = Jemand, vermutlich Sie, hat sich bei { $sender } angemeldet für E-Mails zu:
mail-confirm-lead-host = Jemand, vermutlich Sie, hat sich bei { $sender } auf { $host } angemeldet für E-Mails zu:
mail-confirm-form = Im Formular stand:
mail-confirm-button = Anmeldung bestätigen
mail-confirm-days = Der Link gilt { $days } Tage.
mail-confirm-nothing = Wenn Sie es nicht waren, müssen Sie nichts tun: Solange Sie nicht bestätigen, erhalten Sie keine dieser E-Mails.

confirm-over-body = So ein Link gilt nur einige Tage. Es wurde nichts bestätigt. Möchten Sie diese E-Mails noch?
confirm-over-button = Neuen Link senden
confirm-asked-title = Das ist angekommen
confirm-asked-body = Wenn wir Sie noch fragen dürfen, ist ein neuer Link an Sie unterwegs. Es ändert sich nichts, bis Sie ihn anklicken. Kommt keiner an, versuchen Sie es bitte morgen noch einmal.
saved-asked = Sie möchten „{ $interest }“. Wenn wir Sie fragen dürfen, haben wir Ihnen einen Link gemailt: Es ändert sich nichts, bis Sie ihn anklicken.
