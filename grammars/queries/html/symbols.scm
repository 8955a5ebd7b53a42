; SPDX-License-Identifier: MIT
(document (element (start_tag . (tag_name) @name)) @section)
(document (element (element (start_tag . (tag_name) @name)) @section))
