# Det som läggs till under ett marknadsföringsmejl. Kort, och sagt som man säger det till en kund.
footer-sender = Det här mejlet kommer från { $sender }.
footer-unsubscribe = Avregistrera dig
footer-unsubscribe-invite = Vill du hellre slippa våra mejl? Du kan avregistrera dig när du vill:
footer-preferences = Välj vad du vill höra om
footer-preferences-invite = Är du intresserad av något annat? Välj vad du vill höra om:
footer-advertising = Det här mejlet är reklam.
footer-privacy = Integritetspolicy:
