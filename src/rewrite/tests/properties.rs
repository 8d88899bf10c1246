//! Whatever comes in.

use proptest::prelude::*;

use super::*;

/// Bytes made of what MIME is made of, with CRLF line ends as `smtp::wire` guarantees them.
fn mime_soup() -> impl Strategy<Value = Vec<u8>> {
    let token = prop_oneof![
        Just("Content-Type: multipart/mixed; boundary=b\n"),
        Just("Content-Type: multipart/alternative;\n boundary=\"c\"\n"),
        Just("Content-Type: multipart/signed; boundary=s\n"),
        Just("Content-Type: multipart/related; boundary=r\n"),
        Just("Content-Type: message/rfc822\n"),
        Just("Content-Type: text/html; charset=utf-8\n"),
        Just("Content-Type: text/plain; charset=us-ascii; format=flowed\n"),
        Just("Content-Type: text/plain; charset=\"koi8-r\n"),
        Just("Content-Type: text/plain; charset=iso-2022-jp\n"),
        Just("Content-Transfer-Encoding: quoted-printable\n"),
        Just("Content-Transfer-Encoding: base64\n"),
        Just("Content-Transfer-Encoding: 8bit\n"),
        Just("Content-Disposition: attachment\n"),
        Just("X-Optgate-Scope: a\n"),
        Just("Bcc: x\n"),
        Just("--b\n"),
        Just("--b--\n"),
        Just("--c\n"),
        Just("--c--\n"),
        Just("--s\n"),
        Just("--r\n"),
        Just("\n"),
        Just("<body>"),
        Just("</body>"),
        Just("<!--"),
        Just("-->"),
        Just("<!--[if !mso]><!-->"),
        Just("<!--<![endif]-->"),
        Just("<template>"),
        Just("<div style='display:none'>"),
        Just("<table><tr><td>"),
        Just("<a href='{{optgate.unsubscribe_url}}'>"),
        Just("<style>"),
        Just("<p title=\""),
        Just("</html>"),
        Just("-----BEGIN PGP MESSAGE-----\n"),
        Just("Content-Type: text/calendar\n"),
        Just("Content-Type: application/pkcs7-mime\n"),
        Just("--bc\n"),
        Just("{{optgate.unsubscribe_url}}"),
        Just("{{=\noptgate.postal_address}}"),
        Just("%7B%7Boptgate.preferences_url%7D%7D"),
        Just("-- \n"),
        Just("="),
        Just("=3D=\n"),
        Just(" "),
        Just("SGVsbG8=\n"),
        Just("\u{1B}$B$3\u{1B}(B"),
        Just("vår\n"),
        Just("text\n"),
        Just("https://mail.example.com/u/x\n"),
        Just(UNSUBSCRIBE),
        Just(PRIVACY),
        Just(ADDRESS),
        Just("<style>.h{display:none}"),
        Just("</style>"),
        Just("<div class=h>"),
        Just("<p style='font-size:0'>"),
        Just("</div>"),
        Just("<img src='https://track.example/open?u=1' width=1 height=1>"),
        Just("Content-Type: text/plain; charset=iso-8859-1\n"),
        Just("Content-Type: text/plain; charset=windows-1255\n"),
        Just("Content-Type: text/html; charset=iso-2022-jp\n"),
    ];
    let piece = prop_oneof![9 => token.prop_map(|token| token.replace('\n', "\r\n").into_bytes()),
        1 => proptest::collection::vec(any::<u8>().prop_filter("no line ends", |byte| !b"\r\n\0".contains(byte)), 0..9)];
    proptest::collection::vec(piece, 0..60).prop_map(|pieces| {
        let mut bytes = b"From: a@x.example\r\n".to_vec();
        bytes.extend(pieces.concat());
        bytes.extend_from_slice(b"\r\n");
        bytes
    })
}

fn any_rewriting() -> impl Strategy<Value = Rewriting> {
    let language = 0..crate::language::LANGUAGES.len();
    let addresses = prop_oneof![
        Just(ADDRESS),
        Just("רחוב הרצל 12, תל אביב"),
        Just("ул. Мира 3, Київ"),
        Just("静安区 88 号")
    ];
    let demands = (any::<bool>(), any::<bool>(), any::<bool>());
    let taken_out = prop_oneof![Just(Tracking::Leave), Just(Tracking::TakeOut(super::tracking::trackers()))];
    (any::<bool>(), any::<bool>(), language, addresses, demands, taken_out).prop_map(
        |(marketing, encode, language, address, (required, label, notice), tracking)| {
            let base = if marketing { swedish() } else { functional() };
            Rewriting {
                eight_bit: if encode { EightBit::Encode } else { EightBit::AsIs },
                language: crate::language::LANGUAGES[language],
                postal_address: Some(address.into()),
                demands: Demands {
                    postal_address: required,
                    advertising_label: label,
                    privacy_notice: notice.then(|| PRIVACY.into()),
                },
                tracking,
                ..base
            }
        },
    )
}

fn without_received<'a>(copy: &'a [u8], rewriting: &Rewriting) -> &'a [u8] {
    &copy[rewriting.received.len()..]
}

proptest! {
    #![proptest_config(cases(200))]

    #[test]
    fn nothing_makes_it_panic_and_a_second_pass_changes_nothing(bytes in mime_soup(), rewriting in any_rewriting()) {
        let Ok(message) = RawMessage::index(bytes.into()) else { return Ok(()) };
        let checked = check(&message);
        match rewrite(&message, &rewriting) {
            Ok(first) => {
                prop_assert!(checked.is_ok());
                let again = RawMessage::index(first.bytes.clone().into()).unwrap();
                prop_assert_eq!(check(&again), Ok(()));
                let second = rewrite(&again, &rewriting).unwrap();
                prop_assert_eq!(
                    String::from_utf8_lossy(without_received(&second.bytes, &rewriting)),
                    String::from_utf8_lossy(&first.bytes)
                );
            }
            Err(NotRewritable::SignedEightBit) => prop_assert_eq!(rewriting.eight_bit, EightBit::Encode),
            Err(NotRewritable::Unparsable(why)) if checked.is_ok() => {
                prop_assert_eq!(rewriting.stream, Stream::Marketing);
                prop_assert_eq!(check_marketing(&message), Err(why));
            }
            Err(NotRewritable::Unparsable(why)) => prop_assert_eq!(checked, Err(why)),
            Err(NotRewritable::LinksMissing) => prop_assert!(false, "links are there"),
        }
    }

    #[test]
    fn i7_the_structure_stays_and_so_does_every_leaf_that_is_no_content(bytes in mime_soup()) {
        let Ok(message) = RawMessage::index(bytes.into()) else { return Ok(()) };
        let Ok(rewritten) = rewrite(&message, &marketing()) else { return Ok(()) };
        let copy = RawMessage::index(rewritten.bytes.into()).unwrap();
        let (before, after) = (parts::split(&message).unwrap().parts, parts::split(&copy).unwrap().parts);
        prop_assert_eq!(before.len(), after.len());
        for (old, new) in before.iter().zip(&after) {
            prop_assert_eq!((old.kind, old.place), (new.kind, new.place));
            let content = old.place == parts::Place::Inline && old.media.is_text();
            if old.kind == parts::Kind::Sealed || old.kind == parts::Kind::Leaf && !content {
                prop_assert_eq!(&message.bytes()[old.body.clone()], &copy.bytes()[new.body.clone()]);
            }
        }
    }

    #[test]
    fn any_bytes_are_survived(header in "([ -~]{0,40}\r\n){0,6}", body in proptest::collection::vec(any::<u8>(), 0..400), rewriting in any_rewriting()) {
        let bytes = [b"From: a@x.example\r\n", header.as_bytes(), b"\r\n", &body].concat();
        if let Ok(message) = RawMessage::index(bytes.into()) {
            let _ = rewrite(&message, &rewriting);
        }
    }
}
