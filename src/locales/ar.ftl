## The pages behind the links of a mail.
## $sender: the brand’s name. $interest: the title of an interest. $address: a redacted address.

about-address = هذا يخصّ العنوان { $address }.
service-note = الإيصالات وغيرها من الرسائل التي تحتاج إليها ستصلك كالمعتاد.

ask-title = إلغاء الاشتراك
ask-heading = هل تريد إلغاء اشتراكك في رسائل { $sender }؟
ask-lead = لم يتغيّر شيء بعد. ما الذي تريد إيقافه؟
ask-leave-scope = إيقاف الرسائل عن «{ $interest }»
ask-leave-list = إيقاف هذه الرسائل
ask-leave-all = إيقاف كل الرسائل الإعلانية من { $sender }
ask-choose = أفضّل أن أختار المواضيع التي تصلني

done-title = أُلغي اشتراكك
done-scope = لن تصلك بعد الآن رسائل من { $sender } عن «{ $interest }».
done-list = لن تصلك هذه الرسائل من { $sender } بعد الآن.
done-all = لن تصلك رسائل إعلانية من { $sender } عبر البريد الإلكتروني بعد الآن.
done-note = حُفظ اختيارك وهو سارٍ من الآن.

undo-lead = هل ضغطت بالخطأ؟ يمكنك التراجع خلال 24 ساعة.
undo-button = تراجُع
undone-title = أهلًا بعودتك
undone-body = تراجعنا عن إلغاء اشتراكك، وما كنت قد وافقت عليه يسري من جديد.
undo-late-title = لا يمكن التراجع من هنا
undo-late-body = انقضت الساعات الأربع والعشرون، أو سبق التراجع. لم يتغيّر شيء. يمكنك دائمًا الاشتراك من جديد لدى { $sender }.

choose-title = اختياراتك للبريد الإلكتروني
choose-heading = ما المواضيع التي تريد أن تصلك من { $sender }؟
choose-legend = الاهتمامات
choose-lead = ضع علامة على ما تريده وأزلها عمّا لا تريده. كل اهتمام يشمل جميع ما هو مدرج تحته.
choose-save = حفظ اختياراتي
choose-empty = لا يوجد هنا ما يمكن اختياره حاليًا.
tracking-legend = عادات القراءة
tracking-label = أسمح لـ { $sender } بمعرفة ما إذا كنت قد فتحت الرسائل ومتى، وأي الروابط ضغطت عليها.
tracking-note = هذا الخيار متوقف ما لم تشغّله. تصلك الرسائل نفسها في الحالتين: من دون موافقتك نزيل الصور الخفية وأجزاء الروابط التي قد تكشف ذلك.
none-heading = هل تفضّل ألّا يصلك شيء؟
none-button = لا أريد أي رسائل إعلانية

saved = حُفظت اختياراتك.
saved-covered = أُوقف «{ $interest }» أيضًا لأنه يندرج تحت اهتمام أوقفته.
saved-not-on = لا يمكن تشغيل «{ $interest }» من هنا بعد. يُرجى الاشتراك فيه لدى { $sender }.

confirm-title = يُرجى التأكيد
confirm-heading = هل تريد أن تصلك رسائل من { $sender }؟
confirm-lead = سجّل أحدهم، وأنت على الأرجح، لدى { $sender } لتلقّي رسائل عن:
confirm-button = نعم، أريدها
confirm-nothing = إن لم تكن أنت من سجّل، فلا حاجة إلى فعل شيء: لن يُرسَل أي منها ما لم تضغط على الزر.
confirm-freely = يمكنك تغيير رأيك في أي وقت. في كل رسالة من هذه الرسائل رابط لذلك.
confirmed-title = شكرًا لك، تم التأكيد
confirmed-lead = وافقت على أن ترسل إليك { $sender } رسائل عن:
confirm-again-title = سبق التأكيد
confirm-again-body = سبق استخدام هذا الرابط. لم يتغيّر شيء الآن.
confirm-withdrawn-title = لم يُؤكَّد شيء
confirm-withdrawn-body = ألغيت اشتراكك بعد إرسال هذا الرابط إليك، وهذا الإلغاء سارٍ. إن كنت تريد رغم ذلك رسائل من { $sender }، فيُرجى الاشتراك هناك من جديد.
confirm-ended-title = انتهت صلاحية هذا الرابط
confirm-ended-body = يعمل مثل هذا الرابط بضعة أيام فقط. لم يُؤكَّد شيء. للحصول على رابط جديد، يُرجى الاشتراك من جديد لدى { $sender }.

missing-title = الصفحة غير موجودة
missing-body = هذا الرابط لا يعمل. يُرجى التأكد من أنك نسخته كاملًا من الرسالة.

nothing-title = لا نحتفظ بأي بيانات عنك
nothing-body = لم يبقَ هنا ما يمكن تغييره. لا حاجة إلى فعل شيء.

later-title = يُرجى المحاولة مرة أخرى
later-body = لا يمكننا الوصول إلى سجلاتنا الآن، ولذلك لا نستطيع أن نؤكد لك أن اختيارك قد حُفظ. يُرجى المحاولة مرة أخرى بعد بضع دقائق.
many-title = طلبات كثيرة جدًا
many-body = وصلت طلبات كثيرة من شبكتك في وقت قصير. يُرجى الانتظار دقيقة ثم المحاولة مرة أخرى. لم يتغيّر شيء.

unread-title = لم يصل ذلك كما ينبغي
unread-body = لم نتمكن من قراءة ما أُرسل، ولذلك لم يتغيّر شيء. يُرجى الرجوع والمحاولة مرة أخرى.

## How marketing comes, and why it may come at all.
## $sender: the brand’s name. $date: 2026-05-03. $interest: the title of an interest. $address: the sender’s own.

choices-language-name = العربية
less-lead = أم تفضّل رسائل أقل؟
less-weekly = مرة في الأسبوع على الأكثر
less-pause-30 = توقّف لمدة 30 يومًا
less-pause-90 = توقّف لمدة 90 يومًا
chosen-title = حُفظ اختيارك
chosen-weekly = من الآن تصلك الرسائل الإعلانية من { $sender } مرة في الأسبوع على الأكثر.
chosen-paused = لن تصلك رسائل إعلانية من { $sender } حتى { $date }. بعد ذلك قد تصلك من جديد.
chosen-undo-lead = هل غيّرت رأيك؟
chosen-undo = التراجع عن هذا الاختيار
chosen-undone-title = تم التراجع
chosen-undone-body = ما كنت قد اخترته سابقًا يسري من جديد.
chosen-late-title = لا يمكن التراجع عن هذا من هنا
chosen-late-body = اخترت شيئًا آخر منذ ذلك الحين، أو سبق التراجع. لم يتغيّر شيء الآن.
often-legend = عدد المرات
often-as-sent = كلما كان هناك جديد
often-weekly = مرة في الأسبوع على الأكثر
often-monthly = مرة في الشهر على الأكثر
pause-legend = توقّف مؤقت
pause-none = بلا توقّف
pause-keep = متوقّف حتى { $date }
pause-end = إنهاء التوقّف الآن
pause-30 = توقّف لمدة 30 يومًا من اليوم
pause-90 = توقّف لمدة 90 يومًا من اليوم
place-legend = اللغة والوقت
place-language = اللغة
place-zone = المنطقة الزمنية
place-zone-none = لم تُحدَّد
profiling-legend = رسائل مختارة لك
profiling-label = أسمح لـ { $sender } باختيار ما يصلني استنادًا إلى ما هو معروف عني.
profiling-note = من دون ذلك يصلك فقط ما ترسله { $sender } إلى الجميع على حد سواء.
saved-unread = تعذّرت قراءة أحد اختياراتك فبقي كما كان.
why-heading = لماذا تصلك هذه الرسالة
why-double-opt-in = في { $date } أكّدت أنك تريد رسائل عن «{ $interest }».
why-single-opt-in = في { $date } قلت إنك تريد رسائل عن «{ $interest }».
why-purchase = في { $date } اشتريت شيئًا («{ $interest }»).
why-inquiry = في { $date } استفسرت عن شيء («{ $interest }»).
why-negotiation = في { $date } تحدثت عن شراء شيء («{ $interest }»).
why-noticed = أُبلغت حينها بأن { $sender } قد تكتب إليك عن أشياء مشابهة.
why-no-objection = حيث تقيم، يجوز لـ { $sender } أن تكتب إليك ما دمت لم ترفض.
why-none = حاليًا لا يوجد ما يسمح لـ { $sender } بإرسال رسائل إعلانية إليك.
source-import = ورد عنوانك في قائمة استوردتها { $sender } في { $date }.
source-told = سلّمت { $sender } عنوانك إلى خدمة البريد هذه في { $date }.
controller = تقرّر { $sender } الأغراض التي تُستخدم بياناتك من أجلها.
controller-address = العنوان: { $address }
privacy-link = كيف تتعامل { $sender } مع بياناتك
processor-note = تعمل خدمة البريد هذه لصالح { $sender } ولا تستخدم بياناتك لأي غرض آخر.
functional-heading = ما يصلك في كل الأحوال
functional-note = الإيصالات والردود على أسئلتك وإشعارات السلامة، مثل سحب المنتجات، تصلك مهما كان اختيارك هنا. فهي ليست إعلانات.

## What people read about their own data: on the pages behind a fresh link, and in the letters that bring it.
## $sender: the brand’s name. $interests: titles of interests. $minutes: how long a link works, a number. $choice: how often.
## $date: 2026-05-03 13:00.

data-ask-heading = ما نعرفه عنك
data-ask-lead = نرسل إليك بالبريد رابطًا إلى كل ما نحتفظ به عنك. وهناك يمكنك أيضًا تصحيحه أو أخذ نسخة منه أو طلب محوه.
data-ask-button = أرسلوا إليّ الرابط
data-asked-title = تحقّق من صندوق بريدك
data-asked-body = إذا كانت { $sender } تعرف العنوان المقصود، فقد أرسلنا إليه رابطًا. إن لم يصلك شيء، فانتظر بضع دقائق ثم اطلبه مرة أخرى: نرسل رابطًا واحدًا على الأكثر كل خمس دقائق وخمسة روابط في اليوم.
data-mail-subject = بياناتك لدى { $sender }
data-mail-lead = سألت { $sender } عمّا هو محفوظ عنك. هذا الرابط يفتحه: يمكنك الاطلاع عليه أو تصحيحه أو أخذ نسخة منه أو طلب محوه.
data-mail-button = عرض بياناتي
data-mail-life = { $minutes ->
    [one] يعمل الرابط لمدة دقيقة واحدة. يُرجى عدم مشاركته مع أحد.
    [two] يعمل الرابط لمدة دقيقتين. يُرجى عدم مشاركته مع أحد.
    [few] يعمل الرابط لمدة { $minutes } دقائق. يُرجى عدم مشاركته مع أحد.
   *[other] يعمل الرابط لمدة { $minutes } دقيقة. يُرجى عدم مشاركته مع أحد.
}
data-mail-nothing = إن لم تكن أنت من طلب ذلك، فلا حاجة إلى فعل شيء: من دون هذا الرابط لا يرى أحد بياناتك.
data-address-mail-subject = هل هذا عنوانك؟ { $sender }
data-address-mail-lead = يريد أحدهم، وأنت على الأرجح، أن تستخدم { $sender } هذا العنوان من الآن. إن كان عنوانك، فيُرجى تأكيد ذلك.
data-address-mail-button = استخدام هذا العنوان
data-address-mail-nothing = إن لم تكن أنت من طلب ذلك، فلا حاجة إلى فعل شيء: لن يتغيّر شيء.
data-ended-title = انتهت صلاحية هذا الرابط
data-ended-body = الرابط إلى بياناتك يعمل لفترة قصيرة فقط. يمكننا أن نرسل إليك رابطًا جديدًا.
data-ended-button = أرسلوا إليّ رابطًا جديدًا
data-title = بياناتك
data-heading = ما تحتفظ به { $sender } عنك
data-facts = ما حدث
data-proof = كيف نعرف ذلك
data-channel = ورد عن طريق
data-mail = الرسائل المرسلة إليك
data-mail-none = لا توجد رسائل مسجّلة.
data-mail-more = الرسائل الأقدم موجودة في النسخة التي يمكنك أخذها.
data-mail-service = رسالة خدمة
data-mail-sent = أُرسلت
data-mail-stopped = لم تُرسل
data-mail-waits = في الانتظار
data-requests = ما طلبته
data-request-access = نسخة من بياناتك
data-request-rectification = عنوان آخر
data-request-erasure = محو البيانات
data-request-restriction = طريقة استخدام بياناتك
data-request-objection = بلا رسائل إعلانية
data-request-open = قيد المعالجة
data-request-done = تم
data-request-refused = رُفض، كما أُبلغت
data-take-heading = خذ بياناتك معك
data-take-lead = كل شيء في ملف واحد، لك وللبرامج الأخرى.
data-take-button = تنزيل بياناتي
data-correct-heading = عنوان آخر
data-correct-label = عنوان بريدك الإلكتروني الجديد. نرسل إليه رابطًا، ويتم التغيير عندما تضغط عليه هناك.
data-correct-button = إرسال رابط إلى العنوان الجديد
data-no-address-title = هذا ليس عنوان بريد إلكتروني
data-no-address-body = يُرجى الرجوع والتحقّق منه مرة أخرى. لم يتغيّر شيء.
data-address-asked-title = تحقّق من صندوق البريد الجديد
data-address-asked-body = أرسلنا رابطًا إلى العنوان الجديد، ما لم يكن قد وصله رابط اليوم. يبقى كل شيء كما هو حتى تضغط عليه هناك.
data-address-title = هل هذا عنوانك؟
data-address-body = ستستخدمه { $sender } من الآن بدلًا من العنوان الحالي. ويبقى ما اخترته سابقًا كما هو.
data-address-button = نعم، استخدام هذا العنوان
data-address-changed-title = تم تغيير عنوانك
data-address-changed-body = تستخدم { $sender } هذا العنوان الآن. لن تُرسل رسائل إعلانية إلى العنوان القديم بعد الآن.
data-address-taken-title = لا يمكن تغيير هذا من هنا
data-address-taken-body = لدى { $sender } بيانات محفوظة تحت هذا العنوان. يُرجى مراسلة { $sender }. لم يتغيّر شيء.
data-restrict-heading = استخدام بياناتك
data-restrict-lead = تبقى بياناتك محفوظة، لكن لا تُرسل رسائل إعلانية بناءً عليها حتى تقرّر غير ذلك.
data-restrict-button = تقييد استخدام بياناتي
data-restricted-title = استخدام بياناتك مقيَّد
data-restricted-body = تحتفظ بها { $sender } ولا ترسل رسائل إعلانية بناءً عليها. يمكنك إنهاء ذلك من المكان نفسه.
data-lift-lead = لقد قيّدت استخدام بياناتك.
data-lift-button = إنهاء التقييد
data-lifted-title = انتهى التقييد
data-lifted-body = ما كنت قد وافقت عليه يسري من جديد.
data-restricted-by-us = استخدام بياناتك مقيَّد. لإنهاء ذلك يُرجى مراسلة { $sender }.
data-object-heading = بلا رسائل إعلانية
data-object-button = أعترض على الرسائل الإعلانية
data-objected-title = لا مزيد من الرسائل الإعلانية
data-objected-body = لن تصلك رسائل إعلانية من { $sender } عبر البريد الإلكتروني بعد الآن.
data-profiling-heading = بلا رسائل مختارة لي
data-profiling-lead = يصلك عندئذ فقط ما ترسله { $sender } إلى الجميع على حد سواء.
data-profiling-button = أعترض على تحليل بياناتي الشخصية
data-unprofiled-title = لن نختار لك الرسائل بعد الآن
data-unprofiled-body = لم تعد { $sender } تختار ما ترسله إليك استنادًا إلى ما هو معروف عنك.
data-erase-heading = محو البيانات
data-erase-lead = يُمحى كل ما تحتفظ به { $sender } عنك هنا، ولا يمكن استعادته.
data-erase-button = محو بياناتي
data-sure-title = هل تريد محو كل شيء؟
data-sure-body = لن تعرف { $sender } بعد ذلك شيئًا عنك، ولن ترسل إليك رسائل إعلانية ما لم تشترك من جديد. لم يتغيّر شيء بعد.
data-sure-button = نعم، محو كل شيء
data-erased-title = مُحي كل شيء
data-erased-body = لم نعد نحتفظ هنا بأي بيانات عنك.
data-fact-signup = سجّلت في: { $interests }. وهذا وحده ليس تأكيدًا.
data-fact-signup-all = سجّلت. وهذا وحده ليس تأكيدًا.
data-fact-asked = راسلناك لنسألك إن كنت تريد: { $interests }.
data-fact-asked-all = راسلناك لنطلب تأكيدك.
data-fact-confirmed = وافقت على ذلك وأكّدته عبر البريد الإلكتروني: { $interests }.
data-fact-yes = وافقت على: { $interests }.
data-fact-yes-all = وافقت.
data-fact-unconfirmed = ورد عنوانك من قائمة أخرى، من دون إثبات أنك وافقت: { $interests }.
data-fact-unconfirmed-all = ورد عنوانك من قائمة أخرى، من دون إثبات أنك وافقت.
data-fact-bought-told = اشتريت شيئًا ({ $interests }) وأُبلغت بأننا قد نكتب إليك عن أشياء مشابهة.
data-fact-bought = اشتريت شيئًا ({ $interests }).
data-fact-inquired-told = استفسرت عن شيء ({ $interests }) وأُبلغت بأننا قد نكتب إليك عن أشياء مشابهة.
data-fact-inquired = استفسرت عن شيء ({ $interests }).
data-fact-no = رفضت: { $interests }.
data-fact-no-all = رفضت كل الرسائل الإعلانية.
data-fact-complaint = أبلغت عن رسالتنا على أنها غير مرغوب فيها. ونعدّ ذلك رفضًا.
data-fact-undone = تراجعت عن رفض.
data-fact-tracking-yes = وافقت على أن نميّزك عند قراءة رسائلنا.
data-fact-tracking-no = رفضت أن نميّزك عند قراءة رسائلنا.
data-fact-bounced = ارتدّت رسالة أُرسلت إلى عنوانك، فتوقّفنا.
data-fact-blocked = حظرت { $sender } عنوانك.
data-fact-unblocked = لم يعد عنوانك محظورًا.
data-fact-address = صار لك عنوان آخر منذ ذلك الحين.
data-fact-restricted = قُيّد استخدام بياناتك.
data-fact-lifted = انتهى التقييد.
data-fact-erased = مُحيت بياناتك.
data-fact-often = اخترت عدد مرات وصول الرسائل الإعلانية: { $choice }.
data-fact-paused = طلبت التوقّف عن الرسائل الإعلانية حتى { $date }.
data-fact-pause-ended = أنهيت التوقّف عن الرسائل الإعلانية.
data-fact-profiling-no = اعترضت على الرسائل المختارة استنادًا إلى ما هو معروف عنك.
data-fact-profiling-yes = سمحت بالرسائل المختارة استنادًا إلى ما هو معروف عنك.
data-fact-place = اخترت لغتك أو منطقتك الزمنية.

## Below a marketing message. Short, and said as one would say it to a customer.
## $sender: the brand’s name.

footer-sender = أرسلت إليك { $sender } هذه الرسالة.
footer-unsubscribe = إلغاء الاشتراك
footer-unsubscribe-invite = هل تفضّل ألّا تصلك رسائلنا؟ يمكنك إلغاء الاشتراك في أي وقت:
footer-preferences = اختر المواضيع التي تصلك
footer-preferences-invite = هل يهمّك شيء آخر؟ اختر المواضيع التي تصلك:
footer-advertising = هذه الرسالة إعلان.
footer-privacy = إشعار الخصوصية:

## Mail that the gateway writes itself in a sender’s name, and the page for a new link. Nothing in it sells anything.
## $sender: the brand’s name. $host: the website of the sign-up form. $days: a number from 2 on.

mail-privacy = إشعار الخصوصية

mail-confirm-subject = يُرجى التأكيد: رسائل من { $sender }
mail-confirm-lead = سجّل أحدهم، وأنت على الأرجح، لدى { $sender } لتلقّي رسائل عن:
mail-confirm-lead-host = سجّل أحدهم، وأنت على الأرجح، لدى { $sender } على { $host } لتلقّي رسائل عن:
mail-confirm-form = جاء في النموذج:
mail-confirm-button = تأكيد تسجيلي
mail-confirm-days = { $days ->
    [two] يعمل الرابط لمدة يومين.
    [few] يعمل الرابط لمدة { $days } أيام.
    [many] يعمل الرابط لمدة { $days } يومًا.
   *[other] يعمل الرابط لمدة { $days } يوم.
}
mail-confirm-nothing = إن لم تكن أنت من سجّل، فلا حاجة إلى فعل شيء: لن تصلك أي من هذه الرسائل ما لم تؤكّد.

confirm-over-body = يعمل مثل هذا الرابط بضعة أيام فقط. لم يُؤكَّد شيء. هل ما زلت تريد هذه الرسائل؟
confirm-over-button = أرسلوا إليّ رابطًا جديدًا
confirm-asked-title = سجّلنا طلبك
confirm-asked-body = إذا كان لا يزال بإمكاننا سؤالك، فإن رابطًا جديدًا في طريقه إليك. لن يتغيّر شيء حتى تضغط عليه. إن لم يصلك رابط، فيُرجى المحاولة غدًا.
saved-asked = طلبت «{ $interest }». إذا كان بإمكاننا سؤالك، فقد أرسلنا إليك رابطًا: لن يتغيّر شيء حتى تضغط عليه.
