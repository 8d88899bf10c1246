## The pages behind the links of a mail.
## $sender: the brand’s name. $interest: the title of an interest. $address: a redacted address.

about-address = Esto se refiere a { $address }.
service-note = Los recibos y otros mensajes que necesitas seguirán llegando.

ask-title = Darse de baja
ask-heading = ¿Darte de baja de { $sender }?
ask-lead = Todavía no ha cambiado nada. ¿Qué quieres dejar de recibir?
ask-leave-scope = No recibir más correos sobre «{ $interest }»
ask-leave-list = No recibir más estos correos
ask-leave-all = No recibir más publicidad de { $sender }
ask-choose = Prefiero elegir sobre qué recibo correos

done-title = Te has dado de baja
done-scope = { $sender } no te enviará más correos sobre «{ $interest }».
done-list = { $sender } no te enviará más estos correos.
done-all = { $sender } no te enviará más publicidad por correo electrónico.
done-note = Tu elección se ha guardado y vale desde ahora.

undo-lead = ¿Has pulsado sin querer? Puedes deshacerlo durante 24 horas.
undo-button = Deshacer
undone-title = Nos alegra tenerte de vuelta
undone-body = Hemos anulado tu baja. Lo que habías aceptado antes vuelve a valer.
undo-late-title = Esto ya no se puede deshacer aquí
undo-late-body = Han pasado las 24 horas o ya se había deshecho. No ha cambiado nada. Puedes volver a suscribirte a { $sender } cuando quieras.

choose-title = Tus preferencias de correo
choose-heading = ¿Sobre qué quieres recibir noticias de { $sender }?
choose-legend = Intereses
choose-lead = Marca lo que quieras y desmarca lo que no. Un interés incluye todo lo que aparece debajo.
choose-save = Guardar mis preferencias
choose-empty = De momento no hay nada que elegir aquí.
tracking-legend = Hábitos de lectura
tracking-label = { $sender } puede ver si abro sus correos y cuándo, y en qué enlaces pulso.
tracking-note = Está desactivado mientras no lo actives. Recibes los mismos correos en ambos casos: sin tu permiso quitamos las imágenes invisibles y las partes de los enlaces que lo revelarían.
none-heading = ¿Prefieres no recibir nada?
none-button = Nada de publicidad

saved = Tus preferencias se han guardado.
saved-covered = «{ $interest }» también queda desactivado, porque pertenece a un interés que has desactivado.
saved-not-on = «{ $interest }» aún no se puede activar aquí. Suscríbete en { $sender }.

confirm-title = Confirma, por favor
confirm-heading = ¿Quieres recibir correos de { $sender }?
confirm-lead = Alguien, probablemente tú, se ha suscrito en { $sender } a correos sobre:
confirm-button = Sí, quiero recibirlos
confirm-nothing = Si no has sido tú, no tienes que hacer nada: mientras no pulses el botón, no se enviará nada.
confirm-freely = Puedes cambiar de opinión cuando quieras. Cada uno de esos correos lleva un enlace para ello.
confirmed-title = Gracias, queda confirmado
confirmed-lead = Has aceptado que { $sender } te envíe correos sobre:
confirm-again-title = Ya estaba confirmado
confirm-again-body = Este enlace ya se había usado. Ahora no ha cambiado nada.
confirm-withdrawn-title = No se ha confirmado nada
confirm-withdrawn-body = Te diste de baja después de que se te enviara este enlace, y eso es lo que vale. Si aun así quieres recibir correos de { $sender }, vuelve a suscribirte allí.
confirm-ended-title = Este enlace ha caducado
confirm-ended-body = Un enlace así solo funciona unos días. No se ha confirmado nada. Para recibir uno nuevo, vuelve a suscribirte en { $sender }.

missing-title = Página no encontrada
missing-body = Este enlace no funciona. Comprueba que lo has copiado entero del correo.

nothing-title = No se guarda nada sobre ti
nothing-body = Aquí ya no queda nada que cambiar. No tienes que hacer nada.

later-title = Vuelve a intentarlo
later-body = Ahora mismo no podemos acceder a nuestros registros, así que no podemos decirte que tu elección esté guardada. Vuelve a intentarlo dentro de unos minutos.
many-title = Demasiadas solicitudes
many-body = Han llegado muchas solicitudes de tu red en poco tiempo. Espera un minuto y vuelve a intentarlo. No se ha cambiado nada.

unread-title = No ha llegado bien
unread-body = No hemos podido leer lo que se ha enviado, así que no ha cambiado nada. Vuelve atrás e inténtalo de nuevo.

## How marketing comes, and why it may come at all.
## $sender: the brand’s name. $date: 2026-05-03. $interest: the title of an interest. $address: the sender’s own.

choices-language-name = Español
less-lead = ¿O prefieres recibir menos?
less-weekly = Una vez por semana como máximo
less-pause-30 = Pausa de 30 días
less-pause-90 = Pausa de 90 días
chosen-title = Tu elección se ha guardado
chosen-weekly = A partir de ahora, { $sender } te enviará publicidad una vez por semana como máximo.
chosen-paused = { $sender } no te enviará publicidad hasta el { $date }. Después puede que vuelva a llegar.
chosen-undo-lead = ¿Has cambiado de opinión?
chosen-undo = Deshacer esta elección
chosen-undone-title = Se ha deshecho
chosen-undone-body = Lo que habías elegido antes vuelve a valer.
chosen-late-title = Esto ya no se puede deshacer aquí
chosen-late-body = Desde entonces has elegido otra cosa o ya se había deshecho. Ahora no ha cambiado nada.
often-legend = Con qué frecuencia
often-as-sent = Siempre que haya algo que contar
often-weekly = Una vez por semana como máximo
often-monthly = Una vez al mes como máximo
pause-legend = Hacer una pausa
pause-none = Sin pausa
pause-keep = En pausa hasta el { $date }
pause-end = Terminar la pausa ahora
pause-30 = Pausa de 30 días desde hoy
pause-90 = Pausa de 90 días desde hoy
place-legend = Idioma y hora
place-language = Idioma
place-zone = Zona horaria
place-zone-none = Sin elegir
profiling-legend = Elegido para ti
profiling-label = { $sender } puede elegir qué me envía según lo que sabe de mí.
profiling-note = Sin esto solo recibes lo que { $sender } envía a todo el mundo por igual.
saved-unread = Una de tus elecciones no se ha podido leer y se ha dejado como estaba.
why-heading = Por qué recibes este correo
why-double-opt-in = El { $date } confirmaste que querías correos sobre «{ $interest }».
why-single-opt-in = El { $date } dijiste que querías correos sobre «{ $interest }».
why-purchase = El { $date } compraste algo («{ $interest }»).
why-inquiry = El { $date } preguntaste por algo («{ $interest }»).
why-negotiation = El { $date } hablaste de una posible compra («{ $interest }»).
why-noticed = Entonces se te informó de que { $sender } puede escribirte sobre cosas similares.
why-no-objection = Donde estás, { $sender } puede escribirte mientras no digas que no.
why-none = Ahora mismo nada permite a { $sender } enviarte publicidad.
source-import = Tu dirección venía en una lista que { $sender } importó el { $date }.
source-told = { $sender } facilitó tu dirección a este servicio de correo el { $date }.
controller = { $sender } decide para qué se usan tus datos.
controller-address = Dirección: { $address }
privacy-link = Cómo trata { $sender } tus datos
processor-note = Este servicio de correo trabaja para { $sender } y no usa tus datos para nada más.
functional-heading = Lo que recibes en cualquier caso
functional-note = Los recibos, las respuestas a tus preguntas y los avisos de seguridad, como las retiradas de productos, llegan elijas lo que elijas aquí. No son publicidad.

## What people read about their own data: on the pages behind a fresh link, and in the letters that bring it.
## $sender: the brand’s name. $interests: titles of interests. $minutes: how long a link works, a number. $choice: how often.
## $date: 2026-05-03 13:00.

data-ask-heading = Qué sabemos de ti
data-ask-lead = Te enviamos por correo un enlace a todo lo que se guarda sobre ti. Allí también puedes corregirlo, llevártelo o hacer que se borre.
data-ask-button = Enviarme el enlace
data-asked-title = Mira en tu buzón
data-asked-body = Si { $sender } conoce la dirección de la que se trata, le hemos enviado un enlace. Si no llega nada, espera unos minutos y vuelve a pedirlo: enviamos como máximo uno cada cinco minutos y cinco al día.
data-mail-subject = Tus datos en { $sender }
data-mail-lead = Has preguntado a { $sender } qué se guarda sobre ti. Este enlace lo abre: puedes verlo, corregirlo, llevártelo o hacer que se borre.
data-mail-button = Ver mis datos
data-mail-life = { $minutes ->
    [one] El enlace funciona durante { $minutes } minuto. No se lo pases a nadie.
   *[other] El enlace funciona durante { $minutes } minutos. No se lo pases a nadie.
}
data-mail-nothing = Si no has sido tú, no tienes que hacer nada: sin este enlace nadie ve tus datos.
data-address-mail-subject = ¿Es esta tu dirección? { $sender }
data-address-mail-lead = Alguien, probablemente tú, quiere que { $sender } use esta dirección a partir de ahora. Si es la tuya, confírmalo.
data-address-mail-button = Usar esta dirección
data-address-mail-nothing = Si no has sido tú, no tienes que hacer nada: no cambia nada.
data-ended-title = Este enlace ha caducado
data-ended-body = Un enlace a tus datos solo funciona durante poco tiempo. Podemos enviarte uno nuevo.
data-ended-button = Enviarme un enlace nuevo
data-title = Tus datos
data-heading = Lo que { $sender } guarda sobre ti
data-facts = Qué ha pasado
data-proof = Cómo lo sabemos
data-channel = Llegó por
data-mail = Correos enviados a ti
data-mail-none = No consta ninguno.
data-mail-more = Los correos más antiguos están en la copia que puedes llevarte.
data-mail-service = mensaje de servicio
data-mail-sent = enviado
data-mail-stopped = no enviado
data-mail-waits = pendiente
data-requests = Lo que has pedido
data-request-access = una copia de tus datos
data-request-rectification = otra dirección
data-request-erasure = el borrado
data-request-restriction = cómo se pueden usar tus datos
data-request-objection = nada de publicidad
data-request-open = en trámite
data-request-done = hecho
data-request-refused = denegado, como se te comunicó
data-take-heading = Llévatelo
data-take-lead = Todo en un solo archivo, para ti y para otros programas.
data-take-button = Descargar mis datos
data-correct-heading = Otra dirección
data-correct-label = Tu nueva dirección de correo. Le enviamos un enlace; el cambio se hace cuando lo pulsas allí.
data-correct-button = Enviar un enlace a la nueva dirección
data-no-address-title = Eso no es una dirección de correo
data-no-address-body = Vuelve atrás y revísala. No ha cambiado nada.
data-address-asked-title = Mira en el nuevo buzón
data-address-asked-body = Hemos enviado un enlace a la nueva dirección, salvo que hoy ya se le hubiera enviado uno. Hasta que lo pulses allí, todo sigue como está.
data-address-title = ¿Es esta tu dirección?
data-address-body = { $sender } la usará a partir de ahora en lugar de la que tiene. Lo que habías elegido se mantiene.
data-address-button = Sí, usar esta dirección
data-address-changed-title = Tu dirección ha cambiado
data-address-changed-body = { $sender } usa ahora esta dirección. A la antigua ya no se envía publicidad.
data-address-taken-title = Esto no se puede cambiar aquí
data-address-taken-body = { $sender } ya guarda algo con esta dirección. Escribe a { $sender }, por favor. No ha cambiado nada.
data-restrict-heading = Uso de tus datos
data-restrict-lead = Tus datos se conservan, pero no se envía publicidad con ellos hasta que digas otra cosa.
data-restrict-button = Limitar el uso de mis datos
data-restricted-title = El uso de tus datos está limitado
data-restricted-body = { $sender } los conserva y no envía publicidad con ellos. Puedes ponerle fin en el mismo sitio.
data-lift-lead = Has limitado el uso de tus datos.
data-lift-button = Quitar la limitación
data-lifted-title = La limitación ha terminado
data-lifted-body = Lo que habías aceptado antes vuelve a valer.
data-restricted-by-us = El uso de tus datos está limitado. Escribe a { $sender } para ponerle fin.
data-object-heading = Nada de publicidad
data-object-button = Me opongo a la publicidad
data-objected-title = No más publicidad
data-objected-body = { $sender } no te enviará más publicidad por correo electrónico.
data-profiling-heading = Nada elegido para mí
data-profiling-lead = Así solo recibes lo que { $sender } envía a todo el mundo por igual.
data-profiling-button = Me opongo a que se elabore un perfil sobre mí
data-unprofiled-title = Ya no se elige nada para ti
data-unprofiled-body = { $sender } ya no elige lo que te envía según lo que sabe de ti.
data-erase-heading = Borrar
data-erase-lead = Todo lo que { $sender } guarda aquí sobre ti se borra y no se puede recuperar.
data-erase-button = Borrar mis datos
data-sure-title = ¿Borrarlo todo?
data-sure-body = Después { $sender } no sabrá nada de ti y no te enviará publicidad, salvo que vuelvas a suscribirte. Todavía no ha cambiado nada.
data-sure-button = Sí, borrarlo todo
data-erased-title = Todo se ha borrado
data-erased-body = Aquí ya no se guarda nada sobre ti.
data-fact-signup = Te suscribiste a: { $interests }. Con eso aún no queda confirmado.
data-fact-signup-all = Te suscribiste. Con eso aún no queda confirmado.
data-fact-asked = Te escribimos para preguntarte si querías: { $interests }.
data-fact-asked-all = Te escribimos para pedirte que lo confirmaras.
data-fact-confirmed = Dijiste que sí a esto y lo confirmaste por correo: { $interests }.
data-fact-yes = Dijiste que sí a: { $interests }.
data-fact-yes-all = Dijiste que sí.
data-fact-unconfirmed = Tu dirección vino de otra lista, sin prueba de que hubieras aceptado: { $interests }.
data-fact-unconfirmed-all = Tu dirección vino de otra lista, sin prueba de que hubieras aceptado.
data-fact-bought-told = Compraste algo ({ $interests }) y se te informó de que podemos escribirte sobre cosas similares.
data-fact-bought = Compraste algo ({ $interests }).
data-fact-inquired-told = Preguntaste por algo ({ $interests }) y se te informó de que podemos escribirte sobre cosas similares.
data-fact-inquired = Preguntaste por algo ({ $interests }).
data-fact-no = Dijiste que no a: { $interests }.
data-fact-no-all = Dijiste que no a toda la publicidad.
data-fact-complaint = Marcaste nuestro correo como no deseado. Eso cuenta como un no.
data-fact-undone = Retiraste un no.
data-fact-tracking-yes = Aceptaste que veamos si lees nuestros correos.
data-fact-tracking-no = No quisiste que veamos si lees nuestros correos.
data-fact-bounced = Un correo enviado a tu dirección fue devuelto, así que dejamos de enviar.
data-fact-blocked = { $sender } ha bloqueado tu dirección.
data-fact-unblocked = Tu dirección ya no está bloqueada.
data-fact-address = Desde entonces tienes otra dirección.
data-fact-restricted = Se limitó el uso de tus datos.
data-fact-lifted = Terminó la limitación.
data-fact-erased = Se borraron tus datos.
data-fact-often = Elegiste con qué frecuencia llega la publicidad: { $choice }.
data-fact-paused = Pediste una pausa sin publicidad hasta el { $date }.
data-fact-pause-ended = Terminaste tu pausa sin publicidad.
data-fact-profiling-no = Te opusiste a los correos elegidos según lo que se sabe de ti.
data-fact-profiling-yes = Permitiste los correos elegidos según lo que se sabe de ti.
data-fact-place = Elegiste tu idioma o tu zona horaria.

## Below a marketing message. Short, and said as one would say it to a customer.
## $sender: the brand’s name.

footer-sender = { $sender } te ha enviado este correo.
footer-unsubscribe = Darse de baja
footer-unsubscribe-invite = ¿Prefieres no recibir nuestros correos? Puedes darte de baja cuando quieras:
footer-preferences = Elegir sobre qué recibes correos
footer-preferences-invite = ¿Te interesa otra cosa? Elige sobre qué recibes correos:
footer-advertising = Este correo es publicidad.
footer-privacy = Aviso de privacidad:

## Mail that the gateway writes itself in a sender’s name, and the page for a new link. Nothing in it sells anything.
## $sender: the brand’s name. $host: the website of the sign-up form. $days: a number from 2 on.

mail-privacy = Aviso de privacidad

mail-confirm-subject = Confirma, por favor: correos de { $sender }
mail-confirm-lead = Alguien, probablemente tú, se ha suscrito en { $sender } a correos sobre:
mail-confirm-lead-host = Alguien, probablemente tú, se ha suscrito en { $sender }, en { $host }, a correos sobre:
mail-confirm-form = El formulario decía:
mail-confirm-button = Confirmar mi suscripción
mail-confirm-days = El enlace funciona durante { $days } días.
mail-confirm-nothing = Si no has sido tú, no tienes que hacer nada: mientras no confirmes, no recibirás ninguno de estos correos.

confirm-over-body = Un enlace así solo funciona unos días. No se ha confirmado nada. ¿Sigues queriendo estos correos?
confirm-over-button = Enviarme un enlace nuevo
confirm-asked-title = Tomamos nota
confirm-asked-body = Si todavía se te puede preguntar, un enlace nuevo va de camino. No cambia nada hasta que lo pulses. Si no te llega, vuelve a intentarlo mañana.
saved-asked = Has pedido «{ $interest }». Si se te puede preguntar, te hemos enviado un enlace: no cambia nada hasta que lo pulses.
