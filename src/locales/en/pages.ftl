page-placeholder = x
