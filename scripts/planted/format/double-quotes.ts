export const   quoted = "the formatter wants single quotes and one space"
