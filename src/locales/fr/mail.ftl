# Ce que disent les e-mails que nous écrivons nous-mêmes au nom d’un expéditeur. Court et simple ; rien n’y fait de la publicité.
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
