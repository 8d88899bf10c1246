footer-placeholder = x
