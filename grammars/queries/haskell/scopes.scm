; SPDX-License-Identifier: MIT
[(comment) (haddock)] @comment
[(string) (char) (quasiquote_body)] @string
