# Ce qui s’ajoute au bas d’un e-mail publicitaire. Court, et dit comme on le dirait à un client.
footer-sender = Cet e-mail vous est envoyé par { $sender }.
footer-unsubscribe = Se désabonner
footer-unsubscribe-invite = Vous préférez ne plus recevoir nos e-mails ? Vous pouvez vous désabonner à tout moment :
footer-preferences = Choisir mes sujets
footer-preferences-invite = Un autre sujet vous intéresse ? Choisissez ce que vous souhaitez recevoir :
footer-advertising = Cet e-mail est une publicité.
footer-privacy = Politique de confidentialité :
