## The pages behind the links of a mail.
## $sender: the brand’s name. $interest: the title of an interest. $address: a redacted address.

about-address = Dotyczy to adresu { $address }.
service-note = Potwierdzenia zakupu i inne potrzebne wiadomości będą nadal przychodzić.

ask-title = Rezygnacja z wiadomości
ask-heading = Zrezygnować z wiadomości od { $sender }?
ask-lead = Nic się jeszcze nie zmieniło. Czego nie chcesz już otrzymywać?
ask-leave-scope = Nie wysyłać wiadomości na temat „{ $interest }”
ask-leave-list = Nie wysyłać tych wiadomości
ask-leave-all = Nie wysyłać żadnych reklam od { $sender }
ask-choose = Wolę wybrać, o czym chcę czytać

done-title = Rezygnacja przyjęta
done-scope = { $sender } nie będzie już wysyłać Ci wiadomości na temat „{ $interest }”.
done-list = { $sender } nie będzie już wysyłać Ci tych wiadomości.
done-all = { $sender } nie będzie już wysyłać Ci reklam pocztą elektroniczną.
done-note = Twój wybór został zapisany i obowiązuje od teraz.

undo-lead = To pomyłka? Możesz to cofnąć w ciągu 24 godzin.
undo-button = Cofnij
undone-title = Witamy z powrotem
undone-body = Cofnęliśmy Twoją rezygnację. Wcześniejsze zgody znów obowiązują.
undo-late-title = Tu już nie da się tego cofnąć
undo-late-body = Minęły 24 godziny albo zostało to już cofnięte. Nic się nie zmieniło. Zawsze możesz zapisać się ponownie w { $sender }.

choose-title = Twoje ustawienia wiadomości
choose-heading = O czym chcesz czytać w wiadomościach od { $sender }?
choose-legend = Zainteresowania
choose-lead = Zaznacz, co Cię interesuje, i odznacz resztę. Zainteresowanie obejmuje wszystko, co jest pod nim.
choose-save = Zapisz mój wybór
choose-empty = W tej chwili nie ma tu nic do wyboru.
tracking-legend = Śledzenie czytania
tracking-label = { $sender } może widzieć, czy i kiedy otwieram wiadomości oraz które linki klikam.
tracking-note = Jest to wyłączone, dopóki tego nie włączysz. Wiadomości są te same: bez Twojej zgody usuwamy niewidoczne obrazki i te części linków, które by to zdradziły.
none-heading = Wolisz nie dostawać niczego?
none-button = Żadnych reklam

saved = Twój wybór został zapisany.
saved-covered = „{ $interest }” też jest teraz wyłączone, bo należy do zainteresowania, które zostało wyłączone.
saved-not-on = „{ $interest }” nie da się tu jeszcze włączyć. Zapisz się na to w { $sender }.

confirm-title = Prosimy o potwierdzenie
confirm-heading = Chcesz otrzymywać wiadomości od { $sender }?
confirm-lead = Ktoś, prawdopodobnie Ty, zapisał się w { $sender } na wiadomości na temat:
confirm-button = Tak, chcę je otrzymywać
confirm-nothing = Jeśli to nie Ty, nie musisz nic robić: bez naciśnięcia przycisku nic nie zostanie wysłane.
confirm-freely = W każdej chwili możesz zmienić zdanie. W każdej takiej wiadomości jest do tego link.
confirmed-title = Dziękujemy, potwierdzone
confirmed-lead = Zgadzasz się, aby { $sender } wysyłało Ci wiadomości na temat:
confirm-again-title = To już jest potwierdzone
confirm-again-body = Ten link był już użyty. Teraz nic się nie zmieniło.
confirm-withdrawn-title = Nic nie potwierdzono
confirm-withdrawn-body = Po wysłaniu tego linku nastąpiła Twoja rezygnacja i to ona obowiązuje. Jeśli mimo to chcesz dostawać wiadomości od { $sender }, zapisz się tam ponownie.
confirm-ended-title = Ten link wygasł
confirm-ended-body = Taki link działa tylko przez kilka dni. Nic nie potwierdzono. Aby dostać nowy, zapisz się ponownie w { $sender }.

missing-title = Nie znaleziono strony
missing-body = Ten link nie działa. Sprawdź, czy został skopiowany z wiadomości w całości.

nothing-title = Nie przechowujemy nic o Tobie
nothing-body = Nie ma tu już nic do zmiany. Nie musisz nic robić.

later-title = Spróbuj ponownie
later-body = Nie mamy teraz dostępu do naszych danych, więc nie wiemy, czy Twój wybór został zapisany. Spróbuj ponownie za kilka minut.
many-title = Za dużo zapytań
many-body = W krótkim czasie z Twojej sieci przyszło dużo zapytań. Odczekaj minutę i spróbuj ponownie. Nic się nie zmieniło.

unread-title = Coś poszło nie tak
unread-body = Nie udało się odczytać tego, co zostało wysłane, więc nic się nie zmieniło. Wróć i spróbuj ponownie.

## How marketing comes, and why it may come at all.
## $sender: the brand’s name. $date: 2026-05-03. $interest: the title of an interest. $address: the sender’s own.

choices-language-name = Polski
less-lead = A może wolisz dostawać mniej?
less-weekly = Najwyżej raz w tygodniu
less-pause-30 = Przerwa na 30 dni
less-pause-90 = Przerwa na 90 dni
chosen-title = Twój wybór został zapisany
chosen-weekly = Od teraz { $sender } będzie wysyłać Ci reklamy najwyżej raz w tygodniu.
chosen-paused = { $sender } nie będzie wysyłać Ci reklam do { $date }. Potem mogą znów przychodzić.
chosen-undo-lead = Zmiana zdania?
chosen-undo = Cofnij ten wybór
chosen-undone-title = Wybór cofnięty
chosen-undone-body = Poprzednie ustawienia znów obowiązują.
chosen-late-title = Tu już nie da się tego cofnąć
chosen-late-body = Od tego czasu wybór się zmienił albo został już cofnięty. Teraz nic się nie zmieniło.
often-legend = Jak często
often-as-sent = Zawsze, gdy jest o czym napisać
often-weekly = Najwyżej raz w tygodniu
often-monthly = Najwyżej raz w miesiącu
pause-legend = Przerwa
pause-none = Bez przerwy
pause-keep = Przerwa do { $date }
pause-end = Zakończ przerwę teraz
pause-30 = Przerwa na 30 dni od dziś
pause-90 = Przerwa na 90 dni od dziś
place-legend = Język i czas
place-language = Język
place-zone = Strefa czasowa
place-zone-none = Nie wybrano
profiling-legend = Dobrane dla Ciebie
profiling-label = { $sender } może dobierać dla mnie wiadomości na podstawie tego, co o mnie wiadomo.
profiling-note = Bez tego otrzymujesz tylko to, co { $sender } wysyła wszystkim jednakowo.
saved-unread = Jednego z ustawień nie udało się odczytać, więc pozostało bez zmian.
why-heading = Dlaczego dostajesz tę wiadomość
why-double-opt-in = { $date } – potwierdzono z tego adresu chęć otrzymywania wiadomości na temat „{ $interest }”.
why-single-opt-in = { $date } – wyrażono chęć otrzymywania wiadomości na temat „{ $interest }”.
why-purchase = { $date } – Twój zakup („{ $interest }”).
why-inquiry = { $date } – Twoje zapytanie („{ $interest }”).
why-negotiation = { $date } – Twoja rozmowa o zakupie („{ $interest }”).
why-noticed = Otrzymano wtedy informację, że { $sender } może pisać do Ciebie o podobnych rzeczach.
why-no-objection = Tam, gdzie mieszkasz, { $sender } może pisać do Ciebie, dopóki nie wyrazisz sprzeciwu.
why-none = W tej chwili nic nie pozwala { $sender } wysyłać Ci reklam.
source-import = Twój adres był na liście, którą { $sender } zaimportowało { $date }.
source-told = { $sender } przekazało Twój adres tej usłudze pocztowej { $date }.
controller = { $sender } decyduje o tym, do czego używa się Twoich danych.
controller-address = Adres: { $address }
privacy-link = Jak { $sender } postępuje z Twoimi danymi
processor-note = Ta usługa pocztowa pracuje dla { $sender } i nie używa Twoich danych do niczego innego.
functional-heading = Co dostajesz w każdym przypadku
functional-note = Potwierdzenia zakupu, odpowiedzi na pytania i ostrzeżenia dotyczące bezpieczeństwa, np. o wycofaniu produktu, przychodzą bez względu na wybór tutaj. To nie są reklamy.

## What people read about their own data: on the pages behind a fresh link, and in the letters that bring it.
## $sender: the brand’s name. $interests: titles of interests. $minutes: how long a link works, a number. $choice: how often.
## $date: 2026-05-03 13:00.

data-ask-heading = Co o Tobie wiemy
data-ask-lead = Wyślemy Ci link do wszystkiego, co jest o Tobie przechowywane. Można tam też te dane poprawić, pobrać lub usunąć.
data-ask-button = Wyślij mi link
data-asked-title = Sprawdź swoją skrzynkę
data-asked-body = Jeśli { $sender } zna adres, o który chodzi, wysłaliśmy na niego link. Jeśli nic nie przyjdzie, odczekaj kilka minut i poproś ponownie: wysyłamy najwyżej jeden na pięć minut i pięć dziennie.
data-mail-subject = Twoje dane w { $sender }
data-mail-lead = Do { $sender } wpłynęło Twoje pytanie o przechowywane dane. Ten link je otwiera: można je obejrzeć, poprawić, pobrać lub usunąć.
data-mail-button = Zobacz moje dane
data-mail-life = { $minutes ->
    [one] Link działa przez { $minutes } minutę. Nie przekazuj go nikomu.
    [few] Link działa przez { $minutes } minuty. Nie przekazuj go nikomu.
   *[other] Link działa przez { $minutes } minut. Nie przekazuj go nikomu.
}
data-mail-nothing = Jeśli to nie Ty, nie musisz nic robić: bez tego linku nikt nie zobaczy Twoich danych.
data-address-mail-subject = Czy to Twój adres? { $sender }
data-address-mail-lead = Ktoś, prawdopodobnie Ty, chce, aby { $sender } używało odtąd tego adresu. Jeśli to Twój adres, potwierdź to.
data-address-mail-button = Używaj tego adresu
data-address-mail-nothing = Jeśli to nie Ty, nie musisz nic robić: nic się nie zmieni.
data-ended-title = Ten link wygasł
data-ended-body = Link do Twoich danych działa tylko przez krótki czas. Możemy wysłać Ci nowy.
data-ended-button = Wyślij mi nowy link
data-title = Twoje dane
data-heading = Co { $sender } o Tobie przechowuje
data-facts = Co się wydarzyło
data-proof = Skąd to wiemy
data-channel = Źródło
data-mail = Wiadomości do Ciebie
data-mail-none = Nie zapisano żadnej.
data-mail-more = Starsze wiadomości są w kopii, którą można pobrać.
data-mail-service = wiadomość serwisowa
data-mail-sent = wysłano
data-mail-stopped = nie wysłano
data-mail-waits = oczekuje
data-requests = Twoje prośby
data-request-access = kopia Twoich danych
data-request-rectification = inny adres
data-request-erasure = usunięcie
data-request-restriction = sposób używania Twoich danych
data-request-objection = bez reklam
data-request-open = w toku
data-request-done = załatwione
data-request-refused = odmowa, zgodnie z przekazaną informacją
data-take-heading = Pobierz dane
data-take-lead = Wszystko w jednym pliku, dla Ciebie i dla innych programów.
data-take-button = Pobierz moje dane
data-correct-heading = Inny adres
data-correct-label = Twój nowy adres e-mail. Wyślemy na niego link; zmiana nastąpi po jego kliknięciu.
data-correct-button = Wyślij link na nowy adres
data-no-address-title = To nie jest adres e-mail
data-no-address-body = Wróć i sprawdź go jeszcze raz. Nic się nie zmieniło.
data-address-asked-title = Sprawdź nową skrzynkę
data-address-asked-body = Wysłaliśmy link na nowy adres, chyba że wysłano go tam już dziś. Do czasu kliknięcia wszystko pozostaje bez zmian.
data-address-title = Czy to Twój adres?
data-address-body = { $sender } będzie go odtąd używać zamiast dotychczasowego. Twoje wcześniejsze ustawienia pozostają.
data-address-button = Tak, używaj tego adresu
data-address-changed-title = Twój adres został zmieniony
data-address-changed-body = { $sender } używa teraz tego adresu. Na stary nie są już wysyłane reklamy.
data-address-taken-title = Tu nie da się tego zmienić
data-address-taken-body = { $sender } ma już zapisane dane pod tym adresem. Skontaktuj się z { $sender }. Nic się nie zmieniło.
data-restrict-heading = Używanie Twoich danych
data-restrict-lead = Twoje dane pozostają zapisane, ale do czasu Twojej innej decyzji nie są na ich podstawie wysyłane reklamy.
data-restrict-button = Ogranicz używanie moich danych
data-restricted-title = Używanie Twoich danych jest ograniczone
data-restricted-body = { $sender } je przechowuje i nie wysyła na ich podstawie reklam. Możesz to zakończyć w tym samym miejscu.
data-lift-lead = Używanie Twoich danych jest ograniczone na Twoją prośbę.
data-lift-button = Zakończ ograniczenie
data-lifted-title = Ograniczenie zakończone
data-lifted-body = Wcześniejsze zgody znów obowiązują.
data-restricted-by-us = Używanie Twoich danych jest ograniczone. Aby to zakończyć, skontaktuj się z { $sender }.
data-object-heading = Bez reklam
data-object-button = Sprzeciwiam się reklamom
data-objected-title = Koniec z reklamami
data-objected-body = { $sender } nie będzie już wysyłać Ci reklam pocztą elektroniczną.
data-profiling-heading = Nic dobieranego dla mnie
data-profiling-lead = Otrzymujesz wtedy tylko to, co { $sender } wysyła wszystkim jednakowo.
data-profiling-button = Sprzeciwiam się profilowaniu
data-unprofiled-title = Nic nie jest już dla Ciebie dobierane
data-unprofiled-body = { $sender } nie dobiera już wiadomości na podstawie tego, co o Tobie wiadomo.
data-erase-heading = Usunięcie danych
data-erase-lead = Wszystko, co { $sender } tu o Tobie przechowuje, zostanie usunięte i nie da się tego odzyskać.
data-erase-button = Usuń moje dane
data-sure-title = Usunąć wszystko?
data-sure-body = { $sender } nie będzie potem nic o Tobie wiedzieć ani wysyłać Ci reklam, chyba że zapiszesz się ponownie. Nic się jeszcze nie zmieniło.
data-sure-button = Tak, usuń wszystko
data-erased-title = Wszystko zostało usunięte
data-erased-body = Nic już tu o Tobie nie jest przechowywane.
data-fact-signup = Zapis na: { $interests }. To jeszcze nie potwierdzenie.
data-fact-signup-all = Zapis na wiadomości. To jeszcze nie potwierdzenie.
data-fact-asked = Wysłaliśmy pytanie, czy chcesz otrzymywać: { $interests }.
data-fact-asked-all = Wysłaliśmy prośbę o potwierdzenie.
data-fact-confirmed = Twoja zgoda, potwierdzona e-mailem: { $interests }.
data-fact-yes = Twoja zgoda na: { $interests }.
data-fact-yes-all = Twoja zgoda.
data-fact-unconfirmed = Twój adres pochodzi z innej listy, bez dowodu zgody: { $interests }.
data-fact-unconfirmed-all = Twój adres pochodzi z innej listy, bez dowodu zgody.
data-fact-bought-told = Twój zakup ({ $interests }) wraz z informacją, że możemy pisać o podobnych rzeczach.
data-fact-bought = Twój zakup ({ $interests }).
data-fact-inquired-told = Twoje zapytanie ({ $interests }) wraz z informacją, że możemy pisać o podobnych rzeczach.
data-fact-inquired = Twoje zapytanie ({ $interests }).
data-fact-no = Twoja odmowa: { $interests }.
data-fact-no-all = Twoja odmowa wszelkich reklam.
data-fact-complaint = Nasza wiadomość została przez Ciebie zgłoszona jako niechciana. Uznajemy to za odmowę.
data-fact-undone = Cofnięcie Twojej odmowy.
data-fact-tracking-yes = Twoja zgoda na to, abyśmy widzieli, jak czytasz nasze wiadomości.
data-fact-tracking-no = Brak Twojej zgody na to, abyśmy widzieli, jak czytasz nasze wiadomości.
data-fact-bounced = Wiadomość na Twój adres wróciła, więc przestaliśmy wysyłać.
data-fact-blocked = { $sender } zablokowało Twój adres.
data-fact-unblocked = Twój adres nie jest już zablokowany.
data-fact-address = Od tego czasu masz inny adres.
data-fact-restricted = Używanie Twoich danych zostało ograniczone.
data-fact-lifted = Ograniczenie się zakończyło.
data-fact-erased = Twoje dane zostały usunięte.
data-fact-often = Twój wybór, jak często przychodzą reklamy: { $choice }.
data-fact-paused = Twoja prośba o przerwę w reklamach do { $date }.
data-fact-pause-ended = Koniec Twojej przerwy w reklamach.
data-fact-profiling-no = Twój sprzeciw wobec wiadomości dobieranych na podstawie tego, co o Tobie wiadomo.
data-fact-profiling-yes = Twoja zgoda na wiadomości dobierane na podstawie tego, co o Tobie wiadomo.
data-fact-place = Twój wybór języka lub strefy czasowej.

## Below a marketing message. Short, and said as one would say it to a customer.
## $sender: the brand’s name.

footer-sender = Tę wiadomość wysyła { $sender }.
footer-unsubscribe = Rezygnuję z wiadomości
footer-unsubscribe-invite = Nie chcesz dostawać od nas wiadomości? Możesz zrezygnować w każdej chwili:
footer-preferences = Wybierz, o czym chcesz czytać
footer-preferences-invite = Interesuje Cię coś innego? Wybierz, o czym chcesz czytać:
footer-advertising = Ta wiadomość jest reklamą.
footer-privacy = Polityka prywatności:

## Mail that the gateway writes itself in a sender’s name, and the page for a new link. Nothing in it sells anything.
## $sender: the brand’s name. $host: the website of the sign-up form. $days: a number from 2 on.

mail-privacy = Polityka prywatności

mail-confirm-subject = Prosimy o potwierdzenie: wiadomości od { $sender }
mail-confirm-lead = Ktoś, prawdopodobnie Ty, zapisał się w { $sender } na wiadomości na temat:
mail-confirm-lead-host = Ktoś, prawdopodobnie Ty, zapisał się w { $sender } na stronie { $host } na wiadomości na temat:
mail-confirm-form = W formularzu napisano:
mail-confirm-button = Potwierdzam zapis
mail-confirm-days = { $days ->
    [one] Link działa przez { $days } dzień.
   *[other] Link działa przez { $days } dni.
}
mail-confirm-nothing = Jeśli to nie Ty, nie musisz nic robić: bez potwierdzenia nie dostaniesz żadnej z tych wiadomości.

confirm-over-body = Taki link działa tylko przez kilka dni. Nic nie potwierdzono. Czy nadal chcesz otrzymywać te wiadomości?
confirm-over-button = Wyślij mi nowy link
confirm-asked-title = Przyjęliśmy prośbę
confirm-asked-body = Jeśli możemy jeszcze zapytać, nowy link jest już w drodze. Nic się nie zmieni, dopóki go nie klikniesz. Jeśli nie przyjdzie, spróbuj ponownie jutro.
saved-asked = Twoja prośba: „{ $interest }”. Jeśli możemy zapytać, wysłaliśmy Ci link: nic się nie zmieni, dopóki go nie klikniesz.
