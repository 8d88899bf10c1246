# Ce que lisent les destinataires sur les pages derrière leurs liens.

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
