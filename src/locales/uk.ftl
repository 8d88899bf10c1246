## The pages behind the links of a mail.
## $sender: the brand’s name. $interest: the title of an interest. $address: a redacted address.

about-address = Це стосується адреси { $address }.
service-note = Чеки та інші потрібні вам повідомлення надходитимуть і далі.

ask-title = Відписатися
ask-heading = Відписатися від розсилки { $sender }?
ask-lead = Поки що нічого не змінилося. Що ви бажаєте припинити?
ask-leave-scope = Не надсилати листів на тему «{ $interest }»
ask-leave-list = Не надсилати цих листів
ask-leave-all = Не надсилати жодної реклами від { $sender }
ask-choose = Краще вибрати, про що отримувати листи

done-title = Вас відписано
done-scope = { $sender } більше не надсилатиме вам листів на тему «{ $interest }».
done-list = { $sender } більше не надсилатиме вам цих листів.
done-all = { $sender } більше не надсилатиме вам реклами електронною поштою.
done-note = Ваш вибір збережено, і він діє від цієї миті.

undo-lead = Натиснули випадково? Це можна скасувати протягом 24 годин.
undo-button = Скасувати
undone-title = З поверненням
undone-body = Ми скасували вашу відписку. Усе, на що ви погодилися раніше, знову діє.
undo-late-title = Тут цього вже не скасувати
undo-late-body = 24 години минули, або це вже скасовано. Нічого не змінилося. Ви завжди можете знову підписатися в { $sender }.

choose-title = Ваш вибір щодо листів
choose-heading = Про що ви хочете дізнаватися від { $sender }?
choose-legend = Теми
choose-lead = Позначте те, що вам цікаво, і зніміть позначку з решти. Тема охоплює все, що під нею.
choose-save = Зберегти мій вибір
choose-empty = Зараз тут немає з чого вибирати.
tracking-legend = Дані про читання
tracking-label = { $sender } може бачити, чи відкриваю я листи й коли, а також на які посилання натискаю.
tracking-note = Це вимкнено, доки ви самі не ввімкнете. Листи ви отримуєте однакові: без вашої згоди ми вилучаємо невидимі зображення й ті частини посилань, які б це видавали.
none-heading = Узагалі нічого не потрібно?
none-button = Жодної реклами

saved = Ваш вибір збережено.
saved-covered = «{ $interest }» також вимкнено, бо це частина теми, яку ви вимкнули.
saved-not-on = «{ $interest }» тут поки не можна ввімкнути. Підпишіться на це в { $sender }.

confirm-title = Підтвердьте, будь ласка
confirm-heading = Хочете отримувати листи від { $sender }?
confirm-lead = Хтось, імовірно ви, підписався в { $sender } на листи на тему:
confirm-button = Так, надсилайте
confirm-nothing = Якщо це були не ви, нічого робити не потрібно: доки кнопку не натиснуто, нічого не буде надіслано.
confirm-freely = Ви можете передумати будь-коли. Для цього в кожному такому листі є посилання.
confirmed-title = Дякуємо, підтверджено
confirmed-lead = Ви погодилися, щоб { $sender } надсилала вам листи на тему:
confirm-again-title = Це вже підтверджено
confirm-again-body = Цим посиланням уже скористалися раніше. Зараз нічого не змінилося.
confirm-withdrawn-title = Нічого не підтверджено
confirm-withdrawn-body = Після того як вам надіслали це посилання, ви відписалися, і це діє. Якщо ви все ж хочете отримувати листи від { $sender }, підпишіться там знову.
confirm-ended-title = Посилання вже не діє
confirm-ended-body = Таке посилання діє лише кілька днів. Нічого не підтверджено. Щоб отримати нове, підпишіться в { $sender } ще раз.

missing-title = Сторінку не знайдено
missing-body = Це посилання не працює. Перевірте, чи ви скопіювали його з листа повністю.

nothing-title = Про вас нічого не зберігається
nothing-body = Тут більше нічого змінювати. Вам нічого не потрібно робити.

later-title = Спробуйте ще раз
later-body = Зараз ми не маємо доступу до наших записів, тому не можемо сказати, що ваш вибір збережено. Спробуйте ще раз за кілька хвилин.
many-title = Забагато запитів
many-body = За короткий час із вашої мережі надійшло багато запитів. Зачекайте хвилину і спробуйте ще раз. Нічого не змінилося.

unread-title = Щось пішло не так
unread-body = Ми не змогли прочитати надіслане, тож нічого не змінилося. Поверніться назад і спробуйте ще раз.

## How marketing comes, and why it may come at all.
## $sender: the brand’s name. $date: 2026-05-03. $interest: the title of an interest. $address: the sender’s own.

choices-language-name = Українська
less-lead = Чи, може, отримувати менше?
less-weekly = Не частіше ніж раз на тиждень
less-pause-30 = Перерва на 30 днів
less-pause-90 = Перерва на 90 днів
chosen-title = Ваш вибір збережено
chosen-weekly = Відтепер { $sender } надсилатиме вам рекламу не частіше ніж раз на тиждень.
chosen-paused = { $sender } не надсилатиме вам реклами до { $date }. Після цього вона може надходити знову.
chosen-undo-lead = Передумали?
chosen-undo = Скасувати цей вибір
chosen-undone-title = Вибір скасовано
chosen-undone-body = Те, що ви вибрали раніше, знову діє.
chosen-late-title = Тут цього вже не скасувати
chosen-late-body = Відтоді ви вибрали щось інше, або це вже скасовано. Зараз нічого не змінилося.
often-legend = Як часто
often-as-sent = Щоразу, коли є про що розповісти
often-weekly = Не частіше ніж раз на тиждень
often-monthly = Не частіше ніж раз на місяць
pause-legend = Перерва
pause-none = Без перерви
pause-keep = Перерва до { $date }
pause-end = Завершити перерву зараз
pause-30 = Перерва на 30 днів від сьогодні
pause-90 = Перерва на 90 днів від сьогодні
place-legend = Мова й час
place-language = Мова
place-zone = Часовий пояс
place-zone-none = Не вибрано
profiling-legend = Підібране для вас
profiling-label = { $sender } може добирати, що мені надсилати, за тим, що про мене відомо.
profiling-note = Без цього ви отримуєте лише те, що { $sender } надсилає всім однаково.
saved-unread = Один із варіантів вибору не вдалося прочитати, тож він лишився без змін.
why-heading = Чому ви отримали цей лист
why-double-opt-in = { $date } ви підтвердили, що хочете листи на тему «{ $interest }».
why-single-opt-in = { $date } ви сказали, що хочете листи на тему «{ $interest }».
why-purchase = { $date } ви щось купили («{ $interest }»).
why-inquiry = { $date } ви про щось запитували («{ $interest }»).
why-negotiation = { $date } ви вели розмову про покупку («{ $interest }»).
why-noticed = Тоді вам повідомили, що { $sender } може писати вам про щось подібне.
why-no-objection = Там, де ви живете, { $sender } може писати вам, доки ви не відмовитеся.
why-none = Наразі { $sender } не має підстав надсилати вам рекламу.
source-import = Ваша адреса надійшла зі списком, який { $sender } імпортувала { $date }.
source-told = { $sender } передала вашу адресу цій поштовій службі { $date }.
controller = { $sender } вирішує, для чого використовуються ваші дані.
controller-address = Адреса: { $address }
privacy-link = Як { $sender } поводиться з вашими даними
processor-note = Ця поштова служба працює для { $sender } і ні для чого іншого ваших даних не використовує.
functional-heading = Що ви отримуєте в будь-якому разі
functional-note = Чеки, відповіді на ваші запитання та повідомлення про безпеку, як-от відкликання товарів, надходять незалежно від вашого вибору тут. Це не реклама.

## What people read about their own data: on the pages behind a fresh link, and in the letters that bring it.
## $sender: the brand’s name. $interests: titles of interests. $minutes: how long a link works, a number. $choice: how often.
## $date: 2026-05-03 13:00.

data-ask-heading = Що ми про вас знаємо
data-ask-lead = Ми надішлемо вам посилання на все, що про вас зберігається. Там це також можна виправити, забрати із собою або стерти.
data-ask-button = Надіслати мені посилання
data-asked-title = Перевірте свою скриньку
data-asked-body = Якщо { $sender } знає адресу, про яку йдеться, ми надіслали на неї посилання. Якщо нічого не надходить, зачекайте кілька хвилин і попросіть ще раз: ми надсилаємо не більше одного за п’ять хвилин і п’яти на день.
data-mail-subject = Ваші дані в { $sender }
data-mail-lead = Ви запитали { $sender }, що про вас зберігається. Це посилання відкриває ваші дані: їх можна переглянути, виправити, забрати із собою або стерти.
data-mail-button = Переглянути мої дані
data-mail-life = { $minutes ->
    [one] Посилання діє { $minutes } хвилину. Не передавайте його нікому.
    [few] Посилання діє { $minutes } хвилини. Не передавайте його нікому.
   *[other] Посилання діє { $minutes } хвилин. Не передавайте його нікому.
}
data-mail-nothing = Якщо це були не ви, нічого робити не потрібно: без цього посилання ніхто не побачить ваших даних.
data-address-mail-subject = Це ваша адреса? { $sender }
data-address-mail-lead = Хтось, імовірно ви, хоче, щоб відтепер { $sender } використовувала цю адресу. Якщо вона ваша, підтвердьте це.
data-address-mail-button = Використовувати цю адресу
data-address-mail-nothing = Якщо це були не ви, нічого робити не потрібно: нічого не зміниться.
data-ended-title = Посилання вже не діє
data-ended-body = Посилання на ваші дані діє лише недовго. Ми можемо надіслати вам нове.
data-ended-button = Надіслати мені нове посилання
data-title = Ваші дані
data-heading = Що { $sender } зберігає про вас
data-facts = Що відбувалося
data-proof = Звідки ми це знаємо
data-channel = Як надійшло
data-mail = Листи до вас
data-mail-none = Записів немає.
data-mail-more = Давніші листи є в копії, яку можна забрати.
data-mail-service = службовий лист
data-mail-sent = надіслано
data-mail-stopped = не надіслано
data-mail-waits = очікує
data-requests = Про що ви просили
data-request-access = копія ваших даних
data-request-rectification = інша адреса
data-request-erasure = стирання
data-request-restriction = як можна використовувати ваші дані
data-request-objection = без реклами
data-request-open = розглядається
data-request-done = виконано
data-request-refused = відмовлено, як вам повідомили
data-take-heading = Забрати із собою
data-take-lead = Усе в одному файлі, для вас і для інших програм.
data-take-button = Завантажити мої дані
data-correct-heading = Інша адреса
data-correct-label = Ваша нова адреса електронної пошти. Ми надішлемо на неї посилання; зміна набуде чинності, коли ви там його натиснете.
data-correct-button = Надіслати посилання на нову адресу
data-no-address-title = Це не адреса електронної пошти
data-no-address-body = Поверніться назад і перевірте її ще раз. Нічого не змінилося.
data-address-asked-title = Перевірте нову скриньку
data-address-asked-body = Ми надіслали посилання на нову адресу, якщо сьогодні воно туди ще не надходило. Доки ви там його не натиснете, усе лишається як є.
data-address-title = Це ваша адреса?
data-address-body = { $sender } відтепер використовуватиме її замість теперішньої. Ваш попередній вибір збережеться.
data-address-button = Так, використовувати цю адресу
data-address-changed-title = Вашу адресу змінено
data-address-changed-body = { $sender } тепер використовує цю адресу. На стару реклама більше не надходить.
data-address-taken-title = Тут цього змінити не можна
data-address-taken-body = { $sender } уже щось зберігає під цією адресою. Напишіть, будь ласка, до { $sender }. Нічого не змінилося.
data-restrict-heading = Використання ваших даних
data-restrict-lead = Ваші дані зберігаються, але реклама на їх основі не надсилається, доки ви не вирішите інакше.
data-restrict-button = Обмежити використання моїх даних
data-restricted-title = Використання ваших даних обмежено
data-restricted-body = { $sender } зберігає їх і не надсилає на їх основі реклами. Скасувати це можна там само.
data-lift-lead = Ви обмежили використання своїх даних.
data-lift-button = Скасувати обмеження
data-lifted-title = Обмеження скасовано
data-lifted-body = Усе, на що ви погодилися раніше, знову діє.
data-restricted-by-us = Використання ваших даних обмежено. Щоб це скасувати, напишіть, будь ласка, до { $sender }.
data-object-heading = Без реклами
data-object-button = Я заперечую проти реклами
data-objected-title = Реклами більше не буде
data-objected-body = { $sender } більше не надсилатиме вам реклами електронною поштою.
data-profiling-heading = Нічого не добирати для мене
data-profiling-lead = Тоді ви отримуватимете лише те, що { $sender } надсилає всім однаково.
data-profiling-button = Я заперечую проти профілювання
data-unprofiled-title = Для вас більше нічого не добирають
data-unprofiled-body = { $sender } більше не добирає, що вам надсилати, за тим, що про вас відомо.
data-erase-heading = Стерти
data-erase-lead = Усе, що { $sender } тут про вас зберігає, буде стерто, і повернути це неможливо.
data-erase-button = Стерти мої дані
data-sure-title = Стерти все?
data-sure-body = Після цього { $sender } нічого про вас не знатиме й не надсилатиме вам реклами, якщо ви не підпишетеся знову. Поки що нічого не змінилося.
data-sure-button = Так, стерти все
data-erased-title = Усе стерто
data-erased-body = Тут про вас більше нічого не зберігається.
data-fact-signup = Ви підписалися на: { $interests }. Самим цим ще нічого не підтверджено.
data-fact-signup-all = Ви підписалися. Самим цим ще нічого не підтверджено.
data-fact-asked = Ми надіслали вам листа із запитанням, чи хочете ви: { $interests }.
data-fact-asked-all = Ми надіслали вам листа з проханням підтвердити.
data-fact-confirmed = Ви погодилися на це й підтвердили електронною поштою: { $interests }.
data-fact-yes = Ви погодилися на: { $interests }.
data-fact-yes-all = Ви погодилися.
data-fact-unconfirmed = Ваша адреса надійшла з іншого списку без доказу вашої згоди: { $interests }.
data-fact-unconfirmed-all = Ваша адреса надійшла з іншого списку без доказу вашої згоди.
data-fact-bought-told = Ви щось купили ({ $interests }), і вам повідомили, що ми можемо писати вам про щось подібне.
data-fact-bought = Ви щось купили ({ $interests }).
data-fact-inquired-told = Ви про щось запитували ({ $interests }), і вам повідомили, що ми можемо писати вам про щось подібне.
data-fact-inquired = Ви про щось запитували ({ $interests }).
data-fact-no = Ви відмовилися від: { $interests }.
data-fact-no-all = Ви відмовилися від усієї реклами.
data-fact-complaint = Ви поскаржилися на наш лист як на небажаний. Ми вважаємо це відмовою.
data-fact-undone = Ви скасували відмову.
data-fact-tracking-yes = Ви дозволили бачити, як саме ви читаєте наші листи.
data-fact-tracking-no = Ви не дозволили бачити, як саме ви читаєте наші листи.
data-fact-bounced = Лист на вашу адресу повернувся, тож ми припинили надсилати.
data-fact-blocked = { $sender } заблокувала вашу адресу.
data-fact-unblocked = Вашу адресу розблоковано.
data-fact-address = Відтоді у вас інша адреса.
data-fact-restricted = Використання ваших даних обмежено.
data-fact-lifted = Обмеження скасовано.
data-fact-erased = Ваші дані стерто.
data-fact-often = Ви вибрали, як часто надходить реклама: { $choice }.
data-fact-paused = Ви попросили перерву від реклами до { $date }.
data-fact-pause-ended = Ви завершили перерву від реклами.
data-fact-profiling-no = Ви заперечили проти листів, дібраних за тим, що про вас відомо.
data-fact-profiling-yes = Ви дозволили листи, дібрані за тим, що про вас відомо.
data-fact-place = Ви вибрали мову або часовий пояс.

## Below a marketing message. Short, and said as one would say it to a customer.
## $sender: the brand’s name.

footer-sender = Цей лист надіслано вам від { $sender }.
footer-unsubscribe = Відписатися
footer-unsubscribe-invite = Не хочете отримувати наші листи? Ви можете відписатися будь-коли:
footer-preferences = Вибрати теми листів
footer-preferences-invite = Цікавить щось інше? Виберіть, про що отримувати листи:
footer-advertising = Цей лист є рекламою.
footer-privacy = Політика конфіденційності:

## Mail that the gateway writes itself in a sender’s name, and the page for a new link. Nothing in it sells anything.
## $sender: the brand’s name. $host: the website of the sign-up form. $days: a number from 2 on.

mail-privacy = Політика конфіденційності

mail-confirm-subject = Підтвердьте, будь ласка: листи від { $sender }
mail-confirm-lead = Хтось, імовірно ви, підписався в { $sender } на листи на тему:
mail-confirm-lead-host = Хтось, імовірно ви, підписався в { $sender } на сайті { $host } на листи на тему:
mail-confirm-form = У формі було сказано:
mail-confirm-button = Підтвердити підписку
mail-confirm-days = { $days ->
    [one] Посилання діє { $days } день.
    [few] Посилання діє { $days } дні.
   *[other] Посилання діє { $days } днів.
}
mail-confirm-nothing = Якщо це були не ви, нічого робити не потрібно: без підтвердження ви не отримаєте жодного з цих листів.

confirm-over-body = Таке посилання діє лише кілька днів. Нічого не підтверджено. Ви й далі хочете отримувати ці листи?
confirm-over-button = Надіслати мені нове посилання
confirm-asked-title = Ваше прохання прийнято
confirm-asked-body = Якщо вас іще можна запитати, нове посилання вже в дорозі. Нічого не зміниться, доки ви його не натиснете. Якщо воно не надійде, спробуйте завтра ще раз.
saved-asked = Ви попросили «{ $interest }». Якщо вас можна запитати, ми надіслали вам посилання: нічого не зміниться, доки ви його не натиснете.
