; SPDX-License-Identifier: MIT
(element) @block
