## The pages behind the links of a mail.
## $sender: the brand’s name. $interest: the title of an interest. $address: a redacted address.

about-address = הדף הזה נוגע לכתובת { $address }.
service-note = קבלות והודעות אחרות שנחוצות לכם ימשיכו להגיע.

ask-title = הסרה מרשימת התפוצה
ask-heading = להסיר אתכם מרשימת התפוצה של { $sender }?
ask-lead = עוד לא השתנה דבר. מה תרצו להפסיק לקבל?
ask-leave-scope = לא לקבל עוד מיילים בנושא „{ $interest }”
ask-leave-list = לא לקבל עוד את המיילים האלה
ask-leave-all = לא לקבל עוד שום פרסומת מאת { $sender }
ask-choose = במקום זה, לבחור על מה לקבל עדכונים

done-title = הוסרתם מרשימת התפוצה
done-scope = לא יישלחו אליכם עוד מיילים מאת { $sender } בנושא „{ $interest }”.
done-list = המיילים האלה לא יישלחו אליכם עוד מאת { $sender }.
done-all = לא יישלחו אליכם עוד פרסומות בדוא״ל מאת { $sender }.
done-note = הבחירה שלכם נשמרה והיא תקפה מעכשיו.

undo-lead = לחצתם בטעות? אפשר לבטל את זה בתוך 24 שעות.
undo-button = ביטול הפעולה
undone-title = טוב שחזרתם
undone-body = ביטלנו את ההסרה. מה שהסכמתם לו קודם תקף שוב.
undo-late-title = אי אפשר לבטל את זה כאן
undo-late-body = 24 השעות עברו, או שההסרה כבר בוטלה. דבר לא השתנה. תמיד אפשר להירשם מחדש אצל { $sender }.

choose-title = ההעדפות שלכם לדוא״ל
choose-heading = על מה תרצו לקבל עדכונים מאת { $sender }?
choose-legend = תחומי עניין
choose-lead = סמנו את מה שתרצו לקבל ובטלו את הסימון של השאר. תחום עניין כולל את כל מה שמופיע מתחתיו.
choose-save = לשמור את הבחירות שלי
choose-empty = כרגע אין כאן במה לבחור.
tracking-legend = הרגלי קריאה
tracking-label = אני מסכים או מסכימה לכך שאצל { $sender } יראו אם ומתי פתחתי את המיילים ועל אילו קישורים לחצתי.
tracking-note = זה כבוי כל עוד לא תפעילו אותו. תקבלו אותם מיילים בכל מקרה: בלי ההסכמה שלכם אנחנו מסירים את התמונות הסמויות ואת חלקי הקישורים שהיו מגלים זאת.
none-heading = מעדיפים לא לקבל כלום?
none-button = בלי פרסומות בכלל

saved = הבחירות שלכם נשמרו.
saved-covered = גם „{ $interest }” כבוי עכשיו, כי הוא שייך לתחום עניין שכיביתם.
saved-not-on = עוד אי אפשר להפעיל כאן את „{ $interest }”. אפשר להירשם לזה אצל { $sender }.

confirm-title = נא לאשר
confirm-heading = לקבל מיילים מאת { $sender }?
confirm-lead = מישהו, כנראה אתם, נרשם אצל { $sender } לקבלת מיילים בנושא:
confirm-button = כן, אני רוצה לקבל
confirm-nothing = אם זה לא הייתם אתם, אין צורך לעשות דבר: כל עוד לא תלחצו על הכפתור, שום דבר מזה לא יישלח.
confirm-freely = אפשר להתחרט בכל עת. בכל מייל כזה יש קישור לשם כך.
confirmed-title = תודה, האישור התקבל
confirmed-lead = הסכמתם לקבל מאת { $sender } מיילים בנושא:
confirm-again-title = זה כבר אושר
confirm-again-body = הקישור הזה כבר שימש בעבר. עכשיו לא השתנה דבר.
confirm-withdrawn-title = שום דבר לא אושר
confirm-withdrawn-body = מאז שהקישור הזה נשלח אליכם ביקשתם הסרה, והיא תקפה. אם בכל זאת תרצו לקבל מיילים מאת { $sender }, אפשר להירשם שם מחדש.
confirm-ended-title = תוקף הקישור פג
confirm-ended-body = קישור כזה פועל ימים ספורים בלבד. שום דבר לא אושר. כדי לקבל קישור חדש, אפשר להירשם מחדש אצל { $sender }.

missing-title = הדף לא נמצא
missing-body = הקישור הזה לא פועל. נא לבדוק שהעתקתם אותו במלואו מהמייל.

nothing-title = לא שמור עליכם שום מידע
nothing-body = לא נותר כאן מה לשנות. אין צורך לעשות דבר.

later-title = נא לנסות שוב
later-body = כרגע אין לנו גישה לנתונים, ולכן איננו יכולים לומר שהבחירה שלכם נשמרה. נא לנסות שוב בעוד כמה דקות.
many-title = יותר מדי בקשות
many-body = הגיעו בקשות רבות מהרשת שלכם בזמן קצר. נא להמתין דקה ולנסות שוב. דבר לא השתנה.

unread-title = זה לא הגיע כמו שצריך
unread-body = לא הצלחנו לקרוא את מה שנשלח, ולכן דבר לא השתנה. נא לחזור אחורה ולנסות שוב.

## How marketing comes, and why it may come at all.
## $sender: the brand’s name. $date: 2026-05-03. $interest: the title of an interest. $address: the sender’s own.

choices-language-name = עברית
less-lead = או שתעדיפו לקבל פחות?
less-weekly = פעם בשבוע לכל היותר
less-pause-30 = הפסקה של 30 ימים
less-pause-90 = הפסקה של 90 ימים
chosen-title = הבחירה שלכם נשמרה
chosen-weekly = מעכשיו תקבלו פרסומות מאת { $sender } פעם בשבוע לכל היותר.
chosen-paused = לא יישלחו אליכם פרסומות מאת { $sender } עד { $date }. אחרי כן הן עשויות לחזור.
chosen-undo-lead = שיניתם את דעתכם?
chosen-undo = לבטל את הבחירה
chosen-undone-title = הבחירה בוטלה
chosen-undone-body = מה שבחרתם קודם תקף שוב.
chosen-late-title = אי אפשר לבטל את זה כאן
chosen-late-body = בינתיים בחרתם משהו אחר, או שהבחירה כבר בוטלה. עכשיו לא השתנה דבר.
often-legend = באיזו תדירות
often-as-sent = בכל פעם שיש מה לספר
often-weekly = פעם בשבוע לכל היותר
often-monthly = פעם בחודש לכל היותר
pause-legend = הפסקה
pause-none = בלי הפסקה
pause-keep = בהפסקה עד { $date }
pause-end = לסיים את ההפסקה עכשיו
pause-30 = הפסקה של 30 ימים מהיום
pause-90 = הפסקה של 90 ימים מהיום
place-legend = שפה ושעה
place-language = שפה
place-zone = אזור זמן
place-zone-none = לא נבחר
profiling-legend = תוכן שנבחר עבורכם
profiling-label = אני מסכים או מסכימה לכך שאצל { $sender } יבחרו מה לשלוח אליי לפי מה שידוע עליי.
profiling-note = בלי זה תקבלו רק את מה שנשלח לכולם באותו אופן מאת { $sender }.
saved-unread = לא הצלחנו לקרוא אחת מהבחירות שלכם, והיא נשארה כפי שהייתה.
why-heading = למה קיבלתם את המייל הזה
why-double-opt-in = ב־{ $date } אישרתם שתרצו לקבל מיילים בנושא „{ $interest }”.
why-single-opt-in = ב־{ $date } אמרתם שתרצו לקבל מיילים בנושא „{ $interest }”.
why-purchase = ב־{ $date } קניתם משהו („{ $interest }”).
why-inquiry = ב־{ $date } פניתם בשאלה („{ $interest }”).
why-negotiation = ב־{ $date } דיברתם על רכישה („{ $interest }”).
why-noticed = נאמר לכם אז שאתם עשויים לקבל מאת { $sender } מיילים על דברים דומים.
why-no-objection = במקום שבו אתם נמצאים מותר ל־{ $sender } לכתוב לכם כל עוד לא סירבתם.
why-none = כרגע אין דבר שמתיר ל־{ $sender } לשלוח אליכם פרסומות.
source-import = הכתובת שלכם הגיעה ברשימה שיובאה אצל { $sender } ב־{ $date }.
source-told = הכתובת שלכם נמסרה לשירות הדיוור הזה מאת { $sender } ב־{ $date }.
controller = ההחלטה לאילו מטרות ישמשו הנתונים שלכם נתונה בידי { $sender }.
controller-address = כתובת: { $address }
privacy-link = כך מטפלים אצל { $sender } בנתונים שלכם
processor-note = שירות הדיוור הזה פועל עבור { $sender } ואינו משתמש בנתונים שלכם לשום דבר אחר.
functional-heading = מה תקבלו בכל מקרה
functional-note = קבלות, תשובות לשאלות שלכם והודעות בטיחות, כגון החזרת מוצרים ליצרן, יגיעו בלי קשר למה שתבחרו כאן. אלה אינן פרסומות.

## What people read about their own data: on the pages behind a fresh link, and in the letters that bring it.
## $sender: the brand’s name. $interests: titles of interests. $minutes: how long a link works, a number. $choice: how often.
## $date: 2026-05-03 13:00.

data-ask-heading = מה אנחנו יודעים עליכם
data-ask-lead = נשלח אליכם במייל קישור לכל מה ששמור עליכם. שם אפשר גם לתקן את המידע, לקחת עותק שלו או למחוק אותו.
data-ask-button = שלחו לי את הקישור
data-asked-title = כדאי לבדוק את תיבת הדואר
data-asked-body = אם הכתובת שבה מדובר מוכרת ל־{ $sender }, שלחנו אליה קישור. אם לא מגיע דבר, נא להמתין כמה דקות ולבקש שוב: אנחנו שולחים קישור אחד לכל היותר בכל חמש דקות, וחמישה ביום.
data-mail-subject = הנתונים שלכם אצל { $sender }
data-mail-lead = שאלתם את { $sender } מה שמור עליכם. הקישור הזה פותח את המידע: אפשר לעיין בו, לתקן אותו, לקחת עותק שלו או למחוק אותו.
data-mail-button = לצפייה בנתונים שלי
data-mail-life = { $minutes ->
    [one] הקישור פועל במשך דקה אחת. נא לא להעביר אותו הלאה.
   *[other] הקישור פועל במשך { $minutes } דקות. נא לא להעביר אותו הלאה.
}
data-mail-nothing = אם זה לא הייתם אתם, אין צורך לעשות דבר: בלי הקישור הזה איש לא רואה את הנתונים שלכם.
data-address-mail-subject = האם זו הכתובת שלכם? { $sender }
data-address-mail-lead = מישהו, כנראה אתם, מבקש שמעכשיו תשמש את { $sender } הכתובת הזאת. אם היא שלכם, נא לאשר.
data-address-mail-button = להשתמש בכתובת הזאת
data-address-mail-nothing = אם זה לא הייתם אתם, אין צורך לעשות דבר: שום דבר לא ישתנה.
data-ended-title = תוקף הקישור פג
data-ended-body = קישור לנתונים שלכם פועל לזמן קצר בלבד. נוכל לשלוח אליכם קישור חדש.
data-ended-button = שלחו לי קישור חדש
data-title = הנתונים שלכם
data-heading = מה שמור עליכם אצל { $sender }
data-facts = מה קרה
data-proof = איך אנחנו יודעים
data-channel = הגיע דרך
data-mail = מיילים אליכם
data-mail-none = לא רשום שום מייל.
data-mail-more = מיילים ישנים יותר נמצאים בעותק שאפשר לקחת.
data-mail-service = הודעת שירות
data-mail-sent = נשלח
data-mail-stopped = לא נשלח
data-mail-waits = ממתין
data-requests = מה ביקשתם
data-request-access = עותק של הנתונים שלכם
data-request-rectification = כתובת אחרת
data-request-erasure = מחיקה
data-request-restriction = אופן השימוש בנתונים שלכם
data-request-objection = בלי פרסומות
data-request-open = בטיפול
data-request-done = בוצע
data-request-refused = נדחה, כפי שנמסר לכם
data-take-heading = לקחת את הנתונים
data-take-lead = הכול בקובץ אחד, בשבילכם ובשביל תוכנות אחרות.
data-take-button = להוריד את הנתונים שלי
data-correct-heading = כתובת אחרת
data-correct-label = כתובת הדוא״ל החדשה שלכם. נשלח אליה קישור, והשינוי ייכנס לתוקף כשתלחצו עליו שם.
data-correct-button = לשלוח קישור לכתובת החדשה
data-no-address-title = זו אינה כתובת דוא״ל
data-no-address-body = נא לחזור אחורה ולבדוק אותה שוב. דבר לא השתנה.
data-address-asked-title = כדאי לבדוק את תיבת הדואר החדשה
data-address-asked-body = שלחנו קישור לכתובת החדשה, אלא אם כבר נשלח אליה קישור היום. עד שתלחצו עליו שם, הכול נשאר כפי שהוא.
data-address-title = האם זו הכתובת שלכם?
data-address-body = מעכשיו היא תשמש את { $sender } במקום הכתובת הקיימת. מה שבחרתם קודם נשאר בתוקף.
data-address-button = כן, להשתמש בכתובת הזאת
data-address-changed-title = הכתובת שלכם הוחלפה
data-address-changed-body = עכשיו הכתובת הזאת משמשת את { $sender }. לכתובת הישנה לא נשלחות עוד פרסומות.
data-address-taken-title = אי אפשר לשנות את זה כאן
data-address-taken-body = תחת הכתובת הזאת כבר שמור מידע אצל { $sender }. נא לפנות אל { $sender }. דבר לא השתנה.
data-restrict-heading = השימוש בנתונים שלכם
data-restrict-lead = הנתונים שלכם נשארים, אבל לא נשלחות באמצעותם פרסומות עד שתאמרו אחרת.
data-restrict-button = להגביל את השימוש בנתונים שלי
data-restricted-title = הנתונים שלכם מוגבלים
data-restricted-body = הנתונים נשארים אצל { $sender }, אבל לא נשלחות באמצעותם פרסומות. אפשר לסיים את זה באותו מקום.
data-lift-lead = הגבלתם את השימוש בנתונים שלכם.
data-lift-button = לסיים את ההגבלה
data-lifted-title = ההגבלה הסתיימה
data-lifted-body = מה שהסכמתם לו קודם תקף שוב.
data-restricted-by-us = השימוש בנתונים שלכם מוגבל. כדי לסיים את ההגבלה, נא לפנות אל { $sender }.
data-object-heading = בלי פרסומות
data-object-button = התנגדות לפרסומות
data-objected-title = בלי פרסומות מעכשיו
data-objected-body = לא יישלחו אליכם עוד פרסומות בדוא״ל מאת { $sender }.
data-profiling-heading = שלא ייבחר תוכן במיוחד בשבילי
data-profiling-lead = תקבלו אז רק את מה שנשלח לכולם באותו אופן מאת { $sender }.
data-profiling-button = התנגדות לפרופיילינג
data-unprofiled-title = כבר לא נבחר עבורכם תוכן
data-unprofiled-body = התוכן שתקבלו מאת { $sender } לא ייבחר עוד לפי מה שידוע עליכם.
data-erase-heading = מחיקה
data-erase-lead = כל מה ששמור עליכם כאן אצל { $sender } יימחק, ואי אפשר יהיה לשחזר אותו.
data-erase-button = למחוק את הנתונים שלי
data-sure-title = למחוק הכול?
data-sure-body = לאחר המחיקה לא יישאר אצל { $sender } שום מידע עליכם, ולא יישלחו אליכם פרסומות אלא אם תירשמו מחדש. עוד לא השתנה דבר.
data-sure-button = כן, למחוק הכול
data-erased-title = הכול נמחק
data-erased-body = לא שמור כאן עליכם שום מידע.
data-fact-signup = נרשמתם ל: { $interests }. בכך עוד לא ניתן אישור.
data-fact-signup-all = נרשמתם. בכך עוד לא ניתן אישור.
data-fact-asked = שלחנו אליכם מייל כדי לשאול אם תרצו לקבל: { $interests }.
data-fact-asked-all = שלחנו אליכם מייל כדי לבקש את אישורכם.
data-fact-confirmed = הסכמתם לזה ואישרתם במייל: { $interests }.
data-fact-yes = הסכמתם ל: { $interests }.
data-fact-yes-all = נתתם הסכמה.
data-fact-unconfirmed = הכתובת שלכם הגיעה מרשימה אחרת, בלי הוכחה שהסכמתם: { $interests }.
data-fact-unconfirmed-all = הכתובת שלכם הגיעה מרשימה אחרת, בלי הוכחה שהסכמתם.
data-fact-bought-told = קניתם משהו ({ $interests }) ונאמר לכם שייתכן שנכתוב לכם על דברים דומים.
data-fact-bought = קניתם משהו ({ $interests }).
data-fact-inquired-told = פניתם בשאלה ({ $interests }) ונאמר לכם שייתכן שנכתוב לכם על דברים דומים.
data-fact-inquired = פניתם בשאלה ({ $interests }).
data-fact-no = סירבתם ל: { $interests }.
data-fact-no-all = סירבתם לכל הפרסומות.
data-fact-complaint = דיווחתם על המייל שלנו כדואר לא רצוי. זה נחשב לסירוב.
data-fact-undone = ביטלתם סירוב.
data-fact-tracking-yes = הסכמתם שנוכל לזהות מה קראתם במיילים שלנו.
data-fact-tracking-no = סירבתם לכך שנזהה מה קראתם במיילים שלנו.
data-fact-bounced = מייל אל הכתובת שלכם חזר, ולכן הפסקנו לשלוח.
data-fact-blocked = הכתובת שלכם נחסמה אצל { $sender }.
data-fact-unblocked = הכתובת שלכם כבר לא חסומה.
data-fact-address = מאז יש לכם כתובת אחרת.
data-fact-restricted = השימוש בנתונים שלכם הוגבל.
data-fact-lifted = ההגבלה הסתיימה.
data-fact-erased = הנתונים שלכם נמחקו.
data-fact-often = בחרתם באיזו תדירות יגיעו פרסומות: { $choice }.
data-fact-paused = ביקשתם הפסקה מפרסומות עד { $date }.
data-fact-pause-ended = סיימתם את ההפסקה מפרסומות.
data-fact-profiling-no = התנגדתם למיילים שנבחרים לפי מה שידוע עליכם.
data-fact-profiling-yes = הסכמתם למיילים שנבחרים לפי מה שידוע עליכם.
data-fact-place = בחרתם שפה או אזור זמן.

## Below a marketing message. Short, and said as one would say it to a customer.
## $sender: the brand’s name.

footer-sender = המייל הזה נשלח אליכם מאת { $sender }.
footer-unsubscribe = הסרה מרשימת התפוצה
footer-unsubscribe-invite = מעדיפים לא לקבל מאיתנו מיילים? אפשר לבקש הסרה בכל עת:
footer-preferences = לבחור על מה לקבל עדכונים
footer-preferences-invite = מתעניינים במשהו אחר? אפשר לבחור על מה לקבל עדכונים:
footer-advertising = הודעה זו היא פרסומת.
footer-privacy = מדיניות הפרטיות:

## Mail that the gateway writes itself in a sender’s name, and the page for a new link. Nothing in it sells anything.
## $sender: the brand’s name. $host: the website of the sign-up form. $days: a number from 2 on.

mail-privacy = מדיניות הפרטיות

mail-confirm-subject = נא לאשר: מיילים מאת { $sender }
mail-confirm-lead = מישהו, כנראה אתם, נרשם אצל { $sender } לקבלת מיילים בנושא:
mail-confirm-lead-host = מישהו, כנראה אתם, נרשם אצל { $sender } באתר { $host } לקבלת מיילים בנושא:
mail-confirm-form = בטופס נכתב:
mail-confirm-button = לאשר את ההרשמה שלי
mail-confirm-days = הקישור פועל במשך { $days } ימים.
mail-confirm-nothing = אם זה לא הייתם אתם, אין צורך לעשות דבר: כל עוד לא תאשרו, לא תקבלו את המיילים האלה.

confirm-over-body = קישור כזה פועל ימים ספורים בלבד. שום דבר לא אושר. האם עדיין תרצו לקבל את המיילים האלה?
confirm-over-button = שלחו לי קישור חדש
confirm-asked-title = רשמנו לפנינו
confirm-asked-body = אם עדיין אפשר לפנות אליכם, קישור חדש כבר בדרך. שום דבר לא ישתנה עד שתלחצו עליו. אם לא מגיע קישור, נא לנסות שוב מחר.
saved-asked = ביקשתם לקבל „{ $interest }”. אם אפשר לפנות אליכם, שלחנו אליכם קישור: שום דבר לא ישתנה עד שתלחצו עליו.
