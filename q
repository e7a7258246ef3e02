{
   "ID" : "106f75ff-7ae4-4a1c-9510-5823ddd63e17",
   "Path" : "/queries/106f75ff-7ae4-4a1c-9510-5823ddd63e17"
}