; SPDX-License-Identifier: MIT
(comment) @comment
