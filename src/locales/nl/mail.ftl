# Wat er staat in e-mail die we zelf schrijven namens een afzender. Kort en gewoon; er wordt niets in verkocht.
mail-privacy = Privacyverklaring

mail-confirm-subject = Bevestig je aanmelding: e-mail van { $sender }
mail-confirm-lead = Iemand, waarschijnlijk jij, heeft zich bij { $sender } aangemeld voor e-mail over:
mail-confirm-lead-host = Iemand, waarschijnlijk jij, heeft zich bij { $sender } op { $host } aangemeld voor e-mail over:
mail-confirm-form = Op het formulier stond:
mail-confirm-button = Mijn aanmelding bevestigen
mail-confirm-days = De link werkt { $days } dagen.
mail-confirm-nothing = Was jij het niet, dan hoef je niets te doen: zolang je niet bevestigt, krijg je hier geen e-mail over.

confirm-over-body = Zo’n link werkt maar een paar dagen. Er is niets bevestigd. Wil je deze e-mails nog steeds?
confirm-over-button = Stuur me een nieuwe link
confirm-asked-title = We hebben het ontvangen
confirm-asked-body = Als we het je nog mogen vragen, is er een nieuwe link naar je onderweg. Er verandert niets tot je erop drukt. Komt er geen link, probeer het dan morgen opnieuw.
saved-asked = Je hebt om ‘{ $interest }’ gevraagd. Als we het je mogen vragen, hebben we je een link gemaild: er verandert niets tot je erop drukt.
