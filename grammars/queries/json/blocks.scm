; SPDX-License-Identifier: MIT
[(object) (array)] @block
