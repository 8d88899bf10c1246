## The pages behind the links of a mail.
## $sender: the brand’s name. $interest: the title of an interest. $address: a redacted address.

about-address = Cela concerne { $address }.
service-note = Les reçus et les autres messages dont vous avez besoin continueront de vous parvenir.

ask-title = Se désabonner
ask-heading = Vous désabonner des e-mails de { $sender } ?
ask-lead = Rien n’a encore changé. Que souhaitez-vous ne plus recevoir ?
ask-leave-scope = Ne plus recevoir d’e-mails sur « { $interest } »
ask-leave-list = Ne plus recevoir ces e-mails
ask-leave-all = Ne plus recevoir aucune publicité de { $sender }
ask-choose = Plutôt choisir ce que je reçois

done-title = Vous êtes désabonné(e)
done-scope = { $sender } ne vous enverra plus d’e-mails sur « { $interest } ».
done-list = { $sender } ne vous enverra plus ces e-mails.
done-all = { $sender } ne vous enverra plus de publicité par e-mail.
done-note = Votre choix est enregistré et s’applique dès maintenant.

undo-lead = C’était une erreur ? Vous pouvez revenir en arrière dans les 24 heures.
undo-button = Annuler
undone-title = Heureux de vous retrouver
undone-body = Votre désabonnement est annulé. Ce que vous aviez accepté auparavant s’applique de nouveau.
undo-late-title = Il n’est plus possible d’annuler ici
undo-late-body = Les 24 heures sont écoulées, ou c’est déjà annulé. Rien n’a changé. Vous pouvez vous réinscrire auprès de { $sender } quand vous le souhaitez.

choose-title = Vos choix pour les e-mails
choose-heading = Que souhaitez-vous recevoir de { $sender } ?
choose-legend = Centres d’intérêt
choose-lead = Cochez ce que vous souhaitez recevoir et décochez le reste. Un centre d’intérêt comprend tout ce qui figure en dessous.
choose-save = Enregistrer mes choix
choose-empty = Il n’y a rien à choisir ici pour le moment.
tracking-legend = Habitudes de lecture
tracking-label = { $sender } peut voir si et quand j’ouvre ses e-mails, et sur quels liens je clique.
tracking-note = C’est désactivé tant que vous ne l’activez pas. Vous recevez les mêmes e-mails dans les deux cas : sans votre accord, nous retirons les images invisibles et les parties de liens qui le révéleraient.
none-heading = Plutôt rien du tout ?
none-button = Aucune publicité

saved = Vos choix sont enregistrés.
saved-covered = « { $interest } » est désactivé aussi, car il fait partie d’un centre d’intérêt que vous avez décoché.
saved-not-on = « { $interest } » ne peut pas encore être activé ici. Inscrivez-vous auprès de { $sender } pour le recevoir.

confirm-title = Merci de confirmer
confirm-heading = Voulez-vous recevoir des e-mails de { $sender } ?
confirm-lead = Quelqu’un, sans doute vous, s’est inscrit auprès de { $sender } pour recevoir des e-mails sur :
confirm-button = Oui, envoyez-les-moi
confirm-nothing = Si ce n’était pas vous, vous n’avez rien à faire : tant que vous n’appuyez pas sur le bouton, rien de tout cela n’est envoyé.
confirm-freely = Vous pouvez changer d’avis à tout moment. Chacun de ces e-mails contient un lien pour cela.
confirmed-title = Merci, c’est confirmé
confirmed-lead = Vous avez accepté que { $sender } vous envoie des e-mails sur :
confirm-again-title = C’est déjà confirmé
confirm-again-body = Ce lien a déjà servi. Rien n’a changé cette fois-ci.
confirm-withdrawn-title = Rien n’a été confirmé
confirm-withdrawn-body = Vous vous êtes désabonné(e) depuis l’envoi de ce lien, et cela reste valable. Si vous souhaitez tout de même recevoir des nouvelles de { $sender }, inscrivez-vous de nouveau.
confirm-ended-title = Ce lien a expiré
confirm-ended-body = Un tel lien ne fonctionne que quelques jours. Rien n’a été confirmé. Pour en recevoir un nouveau, inscrivez-vous de nouveau auprès de { $sender }.

missing-title = Page introuvable
missing-body = Ce lien ne fonctionne pas. Vérifiez que vous l’avez copié en entier depuis l’e-mail.

nothing-title = Rien n’est conservé à votre sujet
nothing-body = Il n’y a plus rien à modifier ici. Vous n’avez rien à faire.

later-title = Merci de réessayer
later-body = Nous n’avons pas accès à nos données en ce moment et ne pouvons donc pas vous dire que votre choix est enregistré. Merci de réessayer dans quelques minutes.
many-title = Trop de demandes
many-body = De nombreuses demandes sont arrivées de votre réseau en peu de temps. Attendez une minute, puis réessayez. Rien n’a été modifié.

unread-title = Cela ne nous est pas parvenu
unread-body = Nous n’avons pas pu lire ce qui a été envoyé ; rien n’a donc changé. Revenez en arrière et réessayez.

## How marketing comes, and why it may come at all.
## $sender: the brand’s name. $date: 2026-05-03. $interest: the title of an interest. $address: the sender’s own.

choices-language-name = Français
less-lead = Ou préférez-vous en recevoir moins ?
less-weekly = Une fois par semaine au plus
less-pause-30 = Pause de 30 jours
less-pause-90 = Pause de 90 jours
chosen-title = Votre choix est enregistré
chosen-weekly = Désormais, { $sender } vous envoie de la publicité une fois par semaine au plus.
chosen-paused = { $sender } ne vous envoie pas de publicité jusqu’au { $date }. Ensuite, elle pourra revenir.
chosen-undo-lead = Vous avez changé d’avis ?
chosen-undo = Annuler ce choix
chosen-undone-title = Votre choix est annulé
chosen-undone-body = Ce que vous aviez choisi avant s’applique à nouveau.
chosen-late-title = Ce choix ne peut pas être annulé ici
chosen-late-body = Vous avez choisi autre chose depuis, ou il a déjà été annulé. Rien n’a changé maintenant.
often-legend = À quel rythme
often-as-sent = Aussi souvent qu’il y a quelque chose à dire
often-weekly = Une fois par semaine au plus
often-monthly = Une fois par mois au plus
pause-legend = Faire une pause
pause-none = Pas de pause
pause-keep = En pause jusqu’au { $date }
pause-end = Mettre fin à la pause
pause-30 = Pause de 30 jours à partir d’aujourd’hui
pause-90 = Pause de 90 jours à partir d’aujourd’hui
place-legend = Langue et heure
place-language = Langue
place-zone = Fuseau horaire
place-zone-none = Non choisi
profiling-legend = Choisi pour vous
profiling-label = { $sender } peut choisir ce qui m’est envoyé selon ce que l’on sait de moi.
profiling-note = Sans cela, vous ne recevez que ce que { $sender } envoie à tout le monde de la même façon.
saved-unread = L’un de vos choix n’a pas pu être lu et est resté tel quel.
why-heading = Pourquoi vous recevez ces e-mails
why-double-opt-in = Le { $date }, vous avez confirmé vouloir des e-mails sur « { $interest } ».
why-single-opt-in = Le { $date }, vous avez dit vouloir des e-mails sur « { $interest } ».
why-purchase = Le { $date }, vous avez acheté quelque chose (« { $interest } »).
why-inquiry = Le { $date }, vous avez posé une question (« { $interest } »).
why-negotiation = Le { $date }, vous avez discuté d’un achat (« { $interest } »).
why-noticed = On vous a dit alors que { $sender } pourrait vous écrire sur des choses semblables.
why-no-objection = Là où vous êtes, { $sender } peut vous écrire tant que vous ne dites pas non.
why-none = En ce moment, rien n’autorise { $sender } à vous envoyer de la publicité.
source-import = Votre adresse est venue avec une liste que { $sender } a importée le { $date }.
source-told = { $sender } a transmis votre adresse à ce service d’e-mail le { $date }.
controller = { $sender } décide de l’usage de vos données.
controller-address = Adresse : { $address }
privacy-link = Comment { $sender } traite vos données
processor-note = Ce service d’e-mail travaille pour { $sender } et n’utilise vos données pour rien d’autre.
functional-heading = Ce que vous recevez dans tous les cas
functional-note = Les reçus, les réponses à vos questions et les avis de sécurité, comme les rappels de produits, vous parviennent quoi que vous choisissiez ici. Ce n’est pas de la publicité.

## What people read about their own data: on the pages behind a fresh link, and in the letters that bring it.
## $sender: the brand’s name. $interests: titles of interests. $minutes: how long a link works, a number. $choice: how often.
## $date: 2026-05-03 13:00.

data-ask-heading = Ce que nous savons de vous
data-ask-lead = Nous vous envoyons par e-mail un lien vers tout ce qui est conservé à votre sujet. Vous pourrez aussi le corriger, l’emporter ou le faire effacer.
data-ask-button = M’envoyer le lien
data-asked-title = Regardez votre boîte de réception
data-asked-body = Si { $sender } connaît l’adresse concernée, nous y avons envoyé un lien. Si rien n’arrive, attendez quelques minutes et redemandez : nous en envoyons au plus un toutes les cinq minutes et cinq par jour.
data-mail-subject = Vos données chez { $sender }
data-mail-lead = Vous avez demandé à { $sender } ce qui est conservé à votre sujet. Ce lien l’ouvre : vous pouvez le voir, le corriger, l’emporter ou le faire effacer.
data-mail-button = Voir mes données
data-mail-life = Le lien fonctionne pendant { $minutes } minutes. Merci de ne pas le transmettre.
data-mail-nothing = Si ce n’était pas vous, vous n’avez rien à faire : sans ce lien, personne ne voit vos données.
data-address-mail-subject = Est-ce votre adresse ? { $sender }
data-address-mail-lead = Quelqu’un, sans doute vous, souhaite que { $sender } utilise désormais cette adresse. Si c’est la vôtre, confirmez-le.
data-address-mail-button = Utiliser cette adresse
data-address-mail-nothing = Si ce n’était pas vous, vous n’avez rien à faire : rien ne change.
data-ended-title = Ce lien a expiré
data-ended-body = Un lien vers vos données ne fonctionne que peu de temps. Nous pouvons vous en envoyer un nouveau.
data-ended-button = M’envoyer un nouveau lien
data-title = Vos données
data-heading = Ce que { $sender } conserve à votre sujet
data-facts = Ce qui s’est passé
data-proof = Comment nous le savons
data-channel = Reçu par
data-mail = E-mails envoyés à votre adresse
data-mail-none = Aucun n’est enregistré.
data-mail-more = Les e-mails plus anciens figurent dans la copie à emporter.
data-mail-service = e-mail de service
data-mail-sent = envoyé
data-mail-stopped = non envoyé
data-mail-waits = en attente
data-requests = Vos demandes
data-request-access = une copie de vos données
data-request-rectification = une autre adresse
data-request-erasure = effacement
data-request-restriction = l’usage de vos données
data-request-objection = pas de publicité
data-request-open = en cours
data-request-done = fait
data-request-refused = refusé, comme on vous l’a indiqué
data-take-heading = L’emporter
data-take-lead = Tout dans un seul fichier, pour vous et pour d’autres programmes.
data-take-button = Télécharger mes données
data-correct-heading = Une autre adresse
data-correct-label = Votre nouvelle adresse e-mail. Nous y envoyons un lien ; le changement a lieu quand vous le confirmez.
data-correct-button = Envoyer un lien à la nouvelle adresse
data-no-address-title = Ce n’est pas une adresse e-mail
data-no-address-body = Revenez en arrière et vérifiez-la. Rien n’a changé.
data-address-asked-title = Regardez la nouvelle boîte de réception
data-address-asked-body = Nous avons envoyé un lien à la nouvelle adresse, sauf si elle en a déjà reçu un aujourd’hui. Tant que vous ne l’avez pas ouvert là-bas, rien ne change.
data-address-title = Est-ce votre adresse ?
data-address-body = { $sender } l’utilisera désormais à la place de l’actuelle. Vos choix précédents restent valables.
data-address-button = Oui, utiliser cette adresse
data-address-changed-title = Votre adresse est modifiée
data-address-changed-body = { $sender } utilise maintenant cette adresse. Plus aucune publicité n’est envoyée à l’ancienne.
data-address-taken-title = Ce changement n’est pas possible ici
data-address-taken-body = { $sender } conserve déjà quelque chose sous cette adresse. Écrivez à { $sender }. Rien n’a changé.
data-restrict-heading = Usage de vos données
data-restrict-lead = Vos données restent, mais ne servent à aucune publicité jusqu’à nouvel ordre de votre part.
data-restrict-button = Limiter l’usage de mes données
data-restricted-title = Vos données sont limitées
data-restricted-body = { $sender } les conserve sans envoyer de publicité. Vous pouvez y mettre fin au même endroit.
data-lift-lead = Vous avez limité l’usage de vos données.
data-lift-button = Lever la limitation
data-lifted-title = La limitation est levée
data-lifted-body = Ce que vous aviez accepté auparavant est de nouveau valable.
data-restricted-by-us = L’usage de vos données est limité. Écrivez à { $sender } pour y mettre fin.
data-object-heading = Pas de publicité
data-object-button = Je m’oppose à la publicité
data-objected-title = Plus de publicité
data-objected-body = { $sender } ne vous enverra plus de publicité par e-mail.
data-profiling-heading = Rien de choisi pour moi
data-profiling-lead = Vous ne recevez alors que ce que { $sender } envoie à tous sans distinction.
data-profiling-button = Je m’oppose au profilage
data-unprofiled-title = Plus rien n’est choisi pour vous
data-unprofiled-body = { $sender } ne choisit plus ce qui vous est envoyé d’après ce que l’on sait de vous.
data-erase-heading = Effacer
data-erase-lead = Tout ce que { $sender } conserve ici à votre sujet est effacé définitivement.
data-erase-button = Effacer mes données
data-sure-title = Tout effacer ?
data-sure-body = { $sender } ne saura plus rien de vous et ne vous enverra pas de publicité, sauf nouvelle inscription. Rien n’a encore changé.
data-sure-button = Oui, tout effacer
data-erased-title = Tout est effacé
data-erased-body = Plus rien n’est conservé ici à votre sujet.
data-fact-signup = Vous vous êtes inscrit à : { $interests }. Cela seul n’est pas une confirmation.
data-fact-signup-all = Vous vous êtes inscrit. Cela seul n’est pas une confirmation.
data-fact-asked = Nous vous avons demandé par e-mail si vous souhaitez : { $interests }.
data-fact-asked-all = Nous vous avons demandé par e-mail de confirmer.
data-fact-confirmed = Vous avez accepté et confirmé par e-mail : { $interests }.
data-fact-yes = Vous avez accepté : { $interests }.
data-fact-yes-all = Vous avez accepté.
data-fact-unconfirmed = Votre adresse vient d’une autre liste, sans preuve de votre accord : { $interests }.
data-fact-unconfirmed-all = Votre adresse vient d’une autre liste, sans preuve de votre accord.
data-fact-bought-told = Vous avez acheté quelque chose ({ $interests }) et avez été informé que nous pouvons vous écrire à ce sujet.
data-fact-bought = Vous avez acheté quelque chose ({ $interests }).
data-fact-inquired-told = Vous vous êtes renseigné ({ $interests }) et avez été informé que nous pouvons vous écrire à ce sujet.
data-fact-inquired = Vous vous êtes renseigné ({ $interests }).
data-fact-no = Vous avez refusé : { $interests }.
data-fact-no-all = Vous avez refusé toute publicité.
data-fact-complaint = Vous avez signalé notre e-mail comme indésirable. Cela vaut refus.
data-fact-undone = Vous avez annulé un refus.
data-fact-tracking-yes = Vous avez accepté que nous voyions si vous lisez nos e-mails.
data-fact-tracking-no = Vous avez refusé que nous voyions si vous lisez nos e-mails.
data-fact-bounced = Les e-mails à votre adresse sont revenus, nous avons donc arrêté.
data-fact-blocked = { $sender } a bloqué votre adresse.
data-fact-unblocked = Votre adresse n’est plus bloquée.
data-fact-address = Depuis lors, vous avez une autre adresse.
data-fact-restricted = L’usage de vos données a été limité.
data-fact-lifted = La limitation a été levée.
data-fact-erased = Vos données ont été effacées.
data-fact-often = Vous avez choisi la fréquence de la publicité : { $choice }.
data-fact-paused = Vous avez demandé une pause sans publicité jusqu’au { $date }.
data-fact-pause-ended = Vous avez mis fin à votre pause sans publicité.
data-fact-profiling-no = Vous vous êtes opposé aux messages choisis d’après ce que l’on sait de vous.
data-fact-profiling-yes = Vous avez accepté les messages choisis d’après ce que l’on sait de vous.
data-fact-place = Vous avez choisi votre langue ou votre fuseau horaire.

## Below a marketing message. Short, and said as one would say it to a customer.
## $sender: the brand’s name.

footer-sender = Cet e-mail vous est envoyé par { $sender }.
footer-unsubscribe = Se désabonner
footer-unsubscribe-invite = Vous préférez ne plus recevoir nos e-mails ? Vous pouvez vous désabonner à tout moment :
footer-preferences = Choisir mes sujets
footer-preferences-invite = Un autre sujet vous intéresse ? Choisissez ce que vous souhaitez recevoir :
footer-advertising = Cet e-mail est une publicité.
footer-privacy = Politique de confidentialité :

## Mail that the gateway writes itself in a sender’s name, and the page for a new link. Nothing in it sells anything.
## $sender: the brand’s name. $host: the website of the sign-up form. $days: a number from 2 on.

mail-privacy = Politique de confidentialité

mail-confirm-subject = Merci de confirmer : e-mails de { $sender }
mail-confirm-lead = Quelqu’un, sans doute vous, s’est inscrit auprès de { $sender } pour recevoir des e-mails sur :
mail-confirm-lead-host = Quelqu’un, sans doute vous, s’est inscrit auprès de { $sender } sur { $host } pour recevoir des e-mails sur :
mail-confirm-form = Le formulaire disait :
mail-confirm-button = Confirmer mon inscription
mail-confirm-days = Le lien fonctionne pendant { $days } jours.
mail-confirm-nothing = Si ce n’était pas vous, vous n’avez rien à faire : sans confirmation, vous ne recevrez aucun de ces e-mails.

confirm-over-body = Un tel lien ne fonctionne que quelques jours. Rien n’a été confirmé. Souhaitez-vous toujours recevoir ces e-mails ?
confirm-over-button = M’envoyer un nouveau lien
confirm-asked-title = C’est bien noté
confirm-asked-body = Si nous pouvons encore vous le demander, un nouveau lien est en route. Rien ne change tant que vous n’appuyez pas dessus. S’il n’arrive pas, réessayez demain.
saved-asked = Vous avez demandé « { $interest } ». Si nous pouvons vous le demander, nous vous avons envoyé un lien par e-mail : rien ne change tant que vous n’appuyez pas dessus.
