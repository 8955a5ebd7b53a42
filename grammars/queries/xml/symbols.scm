; SPDX-License-Identifier: MIT
(document root: (element (STag . (Name) @name)) @section)
(document root: (element (content (element (STag . (Name) @name)) @section)))
