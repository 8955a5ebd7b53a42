; inherits: typescript
; SPDX-License-Identifier: MIT
